"""People with accounts: made, and signed in by hand."""

from playwright.sync_api import Page

from tests.webapp.site import Site

PASSWORD = "a password of the tests"
CODE = """
from django.contrib.auth.models import User
user, new = User.objects.get_or_create(username={name!r}, defaults={{"is_staff": {staff}}})
user.set_password({password!r})
user.save()
"""


def account(site: Site, name: str, *, staff: bool = False) -> str:
    site.prompt.shell(CODE.format(name=name, staff=staff, password=PASSWORD))
    return name


def sign_in(page: Page, name: str, password: str = PASSWORD) -> Page:
    """On the page for it, /accounts/login/?next=…"""
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    return page
