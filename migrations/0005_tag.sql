-- Whether the gifts of a campaign carry a tag in their descriptions, by which a list can tell each from
-- every other. Chosen before the first of them is sent, and kept: a gift is looked for as it was sent.
alter table campaign add column is_tagged integer not null default 0 check (is_tagged in (0, 1));

-- When a list was first seen to show a tag as it was sent. Until then an entry without one may be a
-- gift whose tag was cut off.
alter table provider add column tags_shown_at_ms integer;

-- When a list was first seen to show the reference that a gift of ours was sent with. From then on an
-- entry with another reference is somebody else's.
alter table provider add column references_shown_at_ms integer;
