"""Zones that may not be live: numbers and lists of states read these alone, and not all zones.

Triggers keep the table, whatever writes zones and deployments, also the program of the former release.
"""

import peewee as pw

# as zone_states.reaches, and as removed; `new` is a row of deployment
_SETTLED = """
case when zone.deleted_at is null
    then new.live_serial is not null and ((new.live_serial - zone.serial) & 4294967295) < 2147483648
    else new.removed_at is not null end
"""
# no `insert or ignore`: the statement that fires a trigger decides what its conflicts do
_CHANGED = """
begin
    insert into unsettled_zone select new.id where not exists (select 1 from unsettled_zone where zone_id = new.id);
end
"""
_DEPLOYED = """
begin
    delete from unsettled_zone where zone_id = new.zone_id
        and exists (select 1 from zone where zone.id = new.zone_id and SETTLED);
    insert into unsettled_zone select zone.id from zone where zone.id = new.zone_id and not SETTLED
        and not exists (select 1 from unsettled_zone where zone_id = new.zone_id);
end
""".replace("SETTLED", _SETTLED)
_FILL = """
insert into unsettled_zone select zone.id from zone left join deployment as new on new.zone_id = zone.id
where not coalesce(SETTLED, 0)
""".replace("SETTLED", _SETTLED)
STATEMENTS = (
    "create table unsettled_zone (zone_id integer primary key references zone (id))",
    _FILL,
    "create trigger zone_added after insert on zone " + _CHANGED,
    "create trigger zone_changed after update of serial, deleted_at on zone " + _CHANGED,
    "create trigger deployment_added after insert on deployment " + _DEPLOYED,
    "create trigger deployment_changed after update of live_serial, removed_at on deployment " + _DEPLOYED,
)


def up(migrator: object, db: pw.Database) -> None:
    """Create the table with the zones that it has now, and the triggers."""
    for statement in STATEMENTS:
        db.execute_sql(statement)
