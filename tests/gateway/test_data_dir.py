import resource

import pytest

from gateway.data_dir import DataDir, DataDirError


def test_a_disk_without_room_is_one_sentence_and_nobody_holds_the_directory(tmp_path):
    data = tmp_path / "data"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # no file may have a byte
    try:
        with pytest.raises(DataDirError, match=r"cannot be used as data_dir: File too large\.$"):
            DataDir.hold(data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    DataDir.hold(data).release()
