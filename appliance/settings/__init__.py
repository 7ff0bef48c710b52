"""The settings: one TOML file, an environment variable for each key, and defaults; immutable once read.

    [section] key = value         DNS_APPLIANCE_<SECTION>_<KEY>=value

The environment has priority over the file, the file over the default. An unknown key is an error that suggests the
most similar known one.

    sections    every key with its type, unit and default
    values      how a value of each type is read
    conflicts   settings that are valid by themselves and not together
    reading     file and environment to settings
"""

from appliance.settings.reading import (
    CONFIG_IN_STATE,
    DEFAULT_FILE,
    ENVIRONMENT_PREFIX,
    STORE_IN_STATE,
    ZONES_IN_STATE,
    new_state_settings,
    print_value,
    read_settings,
    read_value,
)
from appliance.settings.sections import (
    SECTIONS,
    ApiSettings,
    DeployerSettings,
    DnsSettings,
    DoorsSettings,
    IdentitySettings,
    JournalSettings,
    OwnershipSettings,
    QuotaSettings,
    Settings,
    StoreSettings,
    known_keys,
)

__all__ = [
    "CONFIG_IN_STATE",
    "DEFAULT_FILE",
    "ENVIRONMENT_PREFIX",
    "SECTIONS",
    "STORE_IN_STATE",
    "ZONES_IN_STATE",
    "ApiSettings",
    "DeployerSettings",
    "DnsSettings",
    "DoorsSettings",
    "IdentitySettings",
    "JournalSettings",
    "OwnershipSettings",
    "QuotaSettings",
    "Settings",
    "StoreSettings",
    "known_keys",
    "new_state_settings",
    "print_value",
    "read_settings",
    "read_value",
]
