"""The two engines, PostgreSQL 18 and nats-server, started from their wheels inside one directory."""
