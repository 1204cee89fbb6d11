"""Who acts is what the operating system says; what they may is what the policy says; where state lies is no secret's leak."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy.engine import make_url

from q2c_pipeline.domain.people import Actor, UserRole
from q2c_pipeline.errors import ConfigurationError
from q2c_pipeline.orchestration.acting import account, current_actor
from q2c_pipeline.orchestration.asking import permitted
from q2c_pipeline.orchestration.state import state_of
from q2c_pipeline.settings import Settings, load_settings
from q2c_pipeline_tests.unit.test_settings import RIGHT

ME = pwd.getpwuid(os.getuid()).pw_name


def loaded(tmp_path: Path, more: str, **environ: str) -> Settings:
    (tmp_path / "q2c.toml").write_text(RIGHT + more, encoding="utf-8")
    return load_settings(tmp_path / "q2c.toml", environ)


def test_no_variable_of_the_environment_makes_somebody_else_of_me(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert account() == ME


def test_where_no_people_are_named_the_one_who_runs_it_is_its_admin(tmp_path: Path) -> None:
    assert current_actor(loaded(tmp_path, "")) == Actor(ME, frozenset({UserRole.ADMIN}))


def test_the_policy_gives_roles_and_entities(tmp_path: Path) -> None:
    people = f'[policy.people."{ME}"]\nroles = ["tax", "approver"]\nentities = ["DE"]\n'
    expected = Actor(ME, frozenset({UserRole.TAX, UserRole.APPROVER}), frozenset({"DE"}))
    assert current_actor(loaded(tmp_path, people)) == expected


def test_an_account_that_the_policy_does_not_know_may_do_nothing(tmp_path: Path) -> None:
    actor = current_actor(loaded(tmp_path, '[policy.people.somebody-else]\nroles = ["admin"]\n'))
    assert actor == Actor(ME, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ('[policy.people.ada]\nroles = ["taxes"]\n', "did you mean 'tax'"),
        ('[policy.people.ada]\nroles = ["tax"]\nentities = ["FR"]\n', "an entity, found 'FR'"),
        ("[policy.people.ada]\nroles = []\n", "at least 1 item"),
        ('[[policy.exceptions.routes]]\ncontrols = ["BB99"]\n', "a control id, found 'BB99'"),
        ('[policy.exceptions.calendars]\nDE = "DE-Bavaria"\n', "write for example 'DE' or 'DE-BY'"),
    ],
)
def test_mistakes_about_people_and_routes_are_told(tmp_path: Path, people: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, people)
    assert said in str(caught.value)


def test_the_url_of_the_state_store_is_a_reference(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, '[stores]\nstate_url = "postgresql+psycopg://u:geheim@h/q2c"\n')
    assert "geheim" not in str(caught.value)


def test_a_store_in_postgresql_is_opened_by_its_reference(tmp_path: Path, postgresql_store: str) -> None:
    settings = loaded(tmp_path, '[stores]\nstate_url = "env:Q2C_STATE_URL"\n', Q2C_STATE_URL=postgresql_store)
    assert postgresql_store not in repr(settings)
    with state_of(settings) as state:
        assert state.url.database == make_url(postgresql_store).database


@pytest.mark.parametrize(("role", "shown"), [("finance_operations", "DE123456789"), ("integration", "•••789")])
def test_personal_data_is_masked_unless_a_role_permits_it(tmp_path: Path, role: str, shown: str) -> None:
    settings = loaded(tmp_path, f'[policy.people."{ME}"]\nroles = ["{role}"]\n')
    frame = pl.DataFrame({"account_name": ["Acme"], "tax_id": ["DE123456789"]})
    assert permitted(settings, frame).row(0) == ("Acme", shown)
