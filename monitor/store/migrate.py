"""Brings a database to the present schema, or says why that can't be done."""

from sqlalchemy import Connection, inspect, text

from monitor.ports import StoreError

HEAD = "0016"

_REVISION = "alembic_version"


class SchemaTooNew(StoreError):
    """The database was written by a later release."""


def bring_up(connection: Connection, place: str, *, upgrading: bool = True) -> None:
    """Build or upgrade the tables in the transaction that is open on `connection`.

    `place` names the database in messages. Raise SchemaTooNew for a later schema than ours,
    StoreError for a database of someone else's, and without `upgrading` for an earlier schema.
    """
    found = revision(connection)
    if found == HEAD:
        return
    if found is not None and (not found.isdecimal() or found > HEAD):
        raise SchemaTooNew(
            f"{place}: the database has schema {found}, and this release knows {HEAD}: "
            "run the release that wrote it, or restore a backup from before"
        )
    if found is None and inspect(connection).get_table_names():
        raise StoreError(
            f"{place}: the database holds tables that are not Pantau's: name another one"
        )
    if not upgrading:
        raise StoreError(
            f"{place}: the database has schema {found or 'none'}, and this release writes {HEAD}: "
            "start `pantau run`, which brings it up"
        )
    upgrade(connection, HEAD)


def revision(connection: Connection) -> str | None:
    """Return the revision of the schema that is there, or None if there is none."""
    if not inspect(connection).has_table(_REVISION):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_REVISION}")).scalar()  # noqa: S608 - a constant
    return None if found is None else str(found)


def upgrade(connection: Connection, to: str) -> None:
    """Bring the tables from the revision that is there up to another one."""
    # Costs 100 ms to import, and is needed once a release.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
