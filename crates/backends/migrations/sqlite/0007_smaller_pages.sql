-- Of each list that a search asks for, it reads a page in each part of the index: pages of this many bytes instead of
-- 4,050. What is written already gets them when it is merged.
insert into search (search, rank) values ('pgsz', 1000);
