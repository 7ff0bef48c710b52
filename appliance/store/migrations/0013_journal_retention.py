"""Retention of the journal's content: when it was removed from a row, and the numbers that stay; rows by age."""

import peewee as pw


def up(migrator: object, db: pw.Database) -> None:
    """Add the columns, empty in all rows, and the index of the rows that still have their content."""
    for column in ("content_removed_at", "added_count", "changed_count", "removed_count"):
        db.execute_sql(f"alter table change add column {column} integer")
    db.execute_sql("create index change_content on change (created_at) where content_removed_at is null")
