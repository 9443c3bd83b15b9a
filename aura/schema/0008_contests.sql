-- Who was refused what for a zone: an owner is told once, however often somebody asks again.
CREATE TABLE zone_contests (
    zone TEXT NOT NULL REFERENCES zones (id) ON DELETE CASCADE,
    wanted_by TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (zone, wanted_by, target)
) STRICT, WITHOUT ROWID;
