import pytest

from gateway.desk.cookie import NAME, Cookie


def test_only_the_baked_cookie_opens(tmp_path):
    cookie = Cookie.bake(tmp_path)
    assert cookie.opens(Cookie.read(tmp_path).header)
    secret = (tmp_path / NAME).read_text().strip()
    for shown in (None, "", "Bearer ", secret, f"Bearer {secret}x", f"bearer {secret}", "Bearer é"):
        assert not cookie.opens(shown)


def test_an_empty_cookie_opens_nothing():
    assert not Cookie("").opens("Bearer ")


def test_every_start_bakes_a_new_one_that_only_its_owner_reads(tmp_path):
    old = Cookie.bake(tmp_path)
    new = Cookie.bake(tmp_path)
    assert not new.opens(old.header)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_link_in_the_cookies_place_is_replaced_and_not_followed(tmp_path):
    target = tmp_path / "target"
    (tmp_path / NAME).symlink_to(target)
    Cookie.bake(tmp_path)
    assert not target.exists()
    assert not (tmp_path / NAME).is_symlink()


def test_a_cookie_is_never_shown(tmp_path):
    cookie = Cookie.bake(tmp_path)
    assert (tmp_path / NAME).read_text().strip() not in repr(cookie)
    with pytest.raises(FileNotFoundError):
        Cookie.read(tmp_path / "elsewhere")
