"""What every command-line tool may meet."""

from __future__ import annotations

from service.problems.problem import Problem


class KeyFolderUnusable(Problem):
    """The key folder is missing, incomplete or readable by others."""

    slug, title, status = "key-folder-unusable", "Key folder unusable", 400
    remedy = "Make one with the `keys` command, and keep it to yourself (mode 0700)."


class ClockDiffers(Problem):
    """Your clock and the service's are too far apart to sign in."""

    slug, title, status = "clock-differs", "Clock differs", 409
    remedy = "Set the clock of your machine right, and try again; if it is right, tell the operator."


class ServiceUnreachable(Problem):
    """The service did not answer."""

    slug, title, status = "service-unreachable", "Service unreachable", 503
    remedy = "Check the address and your network; nothing was changed."


class SignatureRefused(Problem):
    """A signed text does not verify with the key that should have made it."""

    slug, title, status = "signature-refused", "Signature refused", 422
    remedy = "Have the text signed again by its author."


class DatabaseRolesRefused(Problem):
    """The control database is SQLite, which knows no roles, or its owner may not make any."""

    slug, title, status = "database-roles-refused", "Database roles refused", 409
    remedy = "Use PostgreSQL, and let the tables' owner make roles: ALTER ROLE tre CREATEROLE."


class PeopleKeyThere(Problem):
    """This installation has its key of sign-ins by browser already."""

    slug, title, status = "people-key-there", "People's key is there", 409
    remedy = (
        "Keep it. To replace it, stop the service, move keys/api/people.key away and make one; "
        "people with authenticator apps enrol again."
    )


class DatabaseAddressRefused(Problem):
    """The address of the control database is not of a local PostgreSQL socket, or has a password."""

    slug, title, status = "database-address-refused", "Database address refused", 400
    remedy = "Give postgresql+psycopg://USER@/DATABASE?host=/SOCKET/FOLDER: see the guide for operators."


class ServiceRunning(Problem):
    """A worker holds its keys and its vault, so they cannot be changed now."""

    slug, title, status = "service-running", "Service running", 409
    remedy = "Stop the service, wait until its workers have ended, and run the command again."


class KeyInUse(Problem):
    """What one worker handed to another with the key was not received yet, and would not be believed."""

    slug, title, status = "key-in-use", "Key in use", 409
    remedy = "Start the service until no run is linked and no question answered that goes on, then stop it."


class NoSuchKey(Problem):
    """The process has no key of that kind."""

    slug, title, status = "no-such-key", "No such key", 400
    remedy = "Leave --role out, or name a process that has such a key: see the operator's guide."


class VaultUnusable(Problem):
    """The vault or the at-rest key of a role cannot be read or written; nothing was lost."""

    slug, title, status = "vault-unusable", "Vault unusable", 500
    remedy = "See what tre-operate doctor says and how full the disk is, then run the command again."


class KeyTokenRefused(Problem):
    """The PKCS#11 token that keeps an at-rest key did not open it; nothing was changed."""

    slug, title, status = "key-token-refused", "Key token refused", 500
    remedy = (
        "By its reason: token-absent, install the extra `token`; token-address-invalid, see the guide of "
        "operators; token-unusable, look at the library, the token's label and the file of the PIN, which "
        "is the process's own; token-pin-refused, put the PIN right and use it once with the maker's tool, "
        "as until then no process tries again; token-key-differs, bring back the key of that label, or the "
        "key file that it sealed."
    )


class IdentityProviderRefused(Problem):
    """The registration of the identity provider, or the key or secret that it names, cannot be used."""

    slug, title, status = "identity-provider-refused", "Identity provider refused", 400
    remedy = (
        "Give issuer, client_id and algorithm, acr or amr of a second factor, and addresses with https; the "
        "key or secret is a file of mode 0400. See the guide for operators."
    )
