"""Single values that a configuration may hold, each with what is told where one is wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from q2c_pipeline.domain.money import exponents
from q2c_pipeline.settings.problems import did_you_mean, wrong
from q2c_pipeline.settings.secrets import well_formed

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _known_currency(code: str) -> str:
    if code not in exponents():
        raise wrong("an ISO 4217 currency code", f"'{code}'", did_you_mean(code, exponents()))
    return code


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise wrong("an IANA time zone", f"'{name}'", did_you_mean(name, available_timezones()))
    return name


def _safe_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise wrong("a name of lower-case letters, digits and `_`", f"'{name}'", "rename it, e.g. 'sf_main'")
    return name


def _country_code(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise wrong("an ISO 3166 alpha-2 country code", f"'{code}'", "write two capital letters, e.g. 'DE'")
    return code


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise wrong("an address such as https://host", f"'{parts.scheme}://{parts.hostname or ''}'", "write scheme and host only")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise wrong("https", "http to another machine", "use https: credentials must not travel in clear text")
    return url.rstrip("/")


def _cron_line(text: str) -> str:
    if not re.fullmatch(r"[\d*/,\-]+( [\d*/,\-]+){4}", text):
        raise wrong("a cron line of five fields", f"'{text}'", "write for example '30 2 * * *' for 02:30 every night")
    return text


Country = Annotated[str, AfterValidator(_country_code)]
CronLine = Annotated[str, AfterValidator(_cron_line)]
Currency = Annotated[str, AfterValidator(_known_currency)]
Name = Annotated[str, AfterValidator(_safe_name)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Url = Annotated[str, AfterValidator(_safe_url)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=4)]
SecretReference = Annotated[str, AfterValidator(well_formed)]


class Section(BaseModel):
    """A table of the configuration: nothing unknown in it, and nothing changes it after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse `grace.booking_days = true`, which would be read as one day."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation in (int, Decimal):
            raise wrong("a number", str(value).lower(), "write the number without quotation marks")
        return value
