import resource

import pytest

from gateway.data_dir import DataDir, DataDirError
from gateway.desk.cookie import Cookie


@pytest.fixture
def no_room():
    """No file may have a byte; Python ignores the signal, and sees the error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("use", [DataDir.hold, Cookie.bake])
def test_a_disk_without_room_is_one_sentence(use, tmp_path, no_room):
    with pytest.raises(DataDirError, match=r"cannot be used as data_dir: File too large\.$"):
        use(tmp_path)


def test_what_could_not_be_held_is_held_by_nobody(tmp_path, no_room):
    with pytest.raises(DataDirError):
        DataDir.hold(tmp_path)
    no_room()
    DataDir.hold(tmp_path).release()
