"""The SQLite file itself: connections, transactions, integrity and copies. It must not know what the rows mean."""
