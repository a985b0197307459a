-- How far each table is copied while a store is moved to a server (store/move/move.c), in the database that is left.
-- Empty but for the time of a move.
-- sqlite:
CREATE TABLE move_progress (
  name TEXT PRIMARY KEY,
  behind TEXT NOT NULL,
  copied INTEGER NOT NULL,
  done INTEGER NOT NULL
) STRICT;
-- end
