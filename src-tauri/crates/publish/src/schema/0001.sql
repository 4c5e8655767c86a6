-- Fieldmark's tables in a PostgreSQL database, version 1. Run once as a role that may create schemas; `fieldmark publish` does
-- it by itself on a direct connection. In Supabase, run it in the SQL editor.
--
-- One database holds the libraries of several people: every table's key begins with `library`. Coordinates are pixels of
-- the upright image. Money is in US dollars. Times are UTC.
--
-- Row level security is on and no policy is defined: only the owner of the tables, and Supabase's service role, see rows.
-- To let signed-in people of a Supabase project read:
--     grant usage on schema fieldmark to authenticated;
--     grant select on all tables in schema fieldmark to authenticated;
--     create policy "Signed-in people read" on fieldmark.annotations for select to authenticated using (true);
-- and likewise for the other tables.

create schema fieldmark;

create table fieldmark.schema_version (
    version    integer     primary key,
    applied_at timestamptz not null default now()
);

create table fieldmark.libraries (
    id             text        primary key,
    name           text        not null,
    -- How far the library is published; only Fieldmark reads it.
    epoch          bigint      not null default 0,
    image          bigint      not null default 0,
    published_at   timestamptz
);

create table fieldmark.recipes (
    library    text    not null references fieldmark.libraries on delete cascade,
    id         bigint  not null,
    name       text    not null,
    version    integer not null,
    is_current boolean not null,
    -- Labels with definitions, shapes, attributes and instructions, as in a recipe file.
    body       jsonb   not null,
    primary key (library, id)
);

create table fieldmark.layers (
    library            text        not null references fieldmark.libraries on delete cascade,
    id                 bigint      not null,
    -- run, or ground_truth, predictions or work if it was imported
    kind               text        not null,
    -- Of the model, or of the imported file.
    name               text        not null,
    started_at         timestamptz not null,
    -- The rest is null for imports.
    model              text,
    recipe_name        text,
    -- live or batch
    mode               text,
    state              text,
    images             integer     not null,
    done               integer,
    failed             integer,
    annotations        integer     not null,
    expected_dollars   numeric,
    bound_dollars      numeric,
    paid_dollars       numeric,
    -- The maximum of requests without an answer that the vendor may still bill.
    possibly_billed_dollars numeric,
    primary key (library, id)
);

create table fieldmark.images (
    library      text        not null references fieldmark.libraries on delete cascade,
    id           bigint      not null,
    -- BLAKE3 of the file's bytes, hexadecimal: the same in every library.
    hash         text        not null,
    name         text        not null,
    -- Of one of its files on the publisher's machine.
    path         text,
    collections  text[]      not null,
    byte_len     bigint      not null,
    format       text        not null,
    width        integer     not null,
    height       integer     not null,
    -- EXIF orientation, 1 to 8; width and height are those after it is applied.
    orientation  integer     not null,
    -- By the camera's clock.
    captured_at  timestamp,
    -- unreviewed, reviewed or confirmed_empty
    review       text        not null,
    primary key (library, id)
);
create index images_by_hash on fieldmark.images (hash);

create table fieldmark.annotations (
    library         text    not null,
    id              bigint  not null,
    image_id        bigint  not null,
    -- The run or import. Null if a person drew it.
    layer_id        bigint,
    label           text    not null,
    -- box, point, polygon, image_tag or caption
    kind            text    not null,
    -- The bounding box; null for tags and captions.
    x               double precision,
    y               double precision,
    width           double precision,
    height          double precision,
    -- The whole shape: corners of a polygon, text of a caption.
    shape           jsonb   not null,
    confidence      double precision,
    attributes      jsonb   not null,
    -- proposed, accepted, edited, rejected or ground_truth
    status          text    not null,
    reject_reason   text,
    -- The similar image that it was copied from.
    propagated_from bigint,
    -- Whether a later run of the same model and recipe has answered about the image.
    is_superseded   boolean not null,
    primary key (library, id),
    foreign key (library, image_id) references fieldmark.images on delete cascade,
    foreign key (library, layer_id) references fieldmark.layers
);
create index annotations_by_image on fieldmark.annotations (library, image_id);
create index annotations_by_label on fieldmark.annotations (label, status);
create index annotations_by_layer on fieldmark.annotations (library, layer_id);

-- What a run made of an image.
create table fieldmark.answers (
    library         text    not null,
    run_id          bigint  not null,
    image_id        bigint  not null,
    -- done or failed
    state           text    not null,
    failure         text,
    took_millis     double precision,
    requests        integer not null,
    input_tokens    bigint  not null,
    output_tokens   bigint  not null,
    paid_dollars    numeric not null,
    possibly_billed_dollars numeric not null,
    -- Whether the annotations were copied from a similar image.
    is_propagated   boolean not null,
    primary key (library, run_id, image_id),
    foreign key (library, image_id) references fieldmark.images on delete cascade,
    foreign key (library, run_id) references fieldmark.layers on delete cascade
);
create index answers_by_image on fieldmark.answers (library, image_id);

alter table fieldmark.schema_version enable row level security;
alter table fieldmark.libraries enable row level security;
alter table fieldmark.recipes enable row level security;
alter table fieldmark.layers enable row level security;
alter table fieldmark.images enable row level security;
alter table fieldmark.annotations enable row level security;
alter table fieldmark.answers enable row level security;

-- How far a library is published; null fields if it was never.
create function public.fieldmark_state(of_library text) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'version', (select max(version) from fieldmark.schema_version),
        'epoch', (select epoch from fieldmark.libraries where id = of_library),
        'image', (select image from fieldmark.libraries where id = of_library))
$$;

-- Temporary tables for one batch, each with the columns of its table. They go with the transaction.
create function fieldmark.begin_batch() returns void
language plpgsql as $$
declare
    target text;
begin
    foreach target in array array['recipes', 'layers', 'images', 'annotations', 'answers'] loop
        execute format('create temporary table new_%1$s (like fieldmark.%1$s) on commit drop', target);
    end loop;
    create temporary table new_removed (id bigint not null) on commit drop;
end
$$;

-- Adds and updates the rows of `target` from its temporary table. Equal rows are not written.
create function fieldmark.merge_table(target text, key text[]) returns void
language plpgsql as $$
declare
    columns text;
    changed text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum),
           string_agg('excluded.' || quote_ident(attname), ', ' order by attnum)
    into columns, changed
    from pg_catalog.pg_attribute
    where attrelid = ('fieldmark.' || quote_ident(target))::regclass and attnum > 0 and not attisdropped;
    execute format(
        'insert into fieldmark.%1$I as kept (%2$s) select %2$s from pg_temp.%5$I
         on conflict (%3$s) do update set (%2$s) = row(%4$s)
         where (kept.*) is distinct from (excluded.*)',
        target, columns, (select string_agg(quote_ident(name), ', ') from unnest(key) as name), changed, 'new_' || target);
end
$$;

-- Applies the batch of the temporary tables, and remembers how far the library is published. What an image in it no longer
-- has is deleted.
create function fieldmark.merge_batch(of_library text, library_name text, at_epoch bigint, at_image bigint) returns void
language plpgsql as $$
begin
    insert into fieldmark.libraries (id, name) values (of_library, library_name)
    on conflict (id) do update set name = excluded.name;
    perform fieldmark.merge_table('recipes', array['library', 'id']);
    perform fieldmark.merge_table('layers', array['library', 'id']);
    delete from fieldmark.images as kept using pg_temp.new_removed as removed
    where kept.library = of_library and kept.id = removed.id;
    perform fieldmark.merge_table('images', array['library', 'id']);
    delete from fieldmark.annotations as kept using pg_temp.new_images as image
    where kept.library = of_library and kept.image_id = image.id
        and not exists (select from pg_temp.new_annotations as other where other.id = kept.id);
    delete from fieldmark.answers as kept using pg_temp.new_images as image
    where kept.library = of_library and kept.image_id = image.id and not exists (
        select from pg_temp.new_answers as other where other.run_id = kept.run_id and other.image_id = kept.image_id);
    perform fieldmark.merge_table('annotations', array['library', 'id']);
    perform fieldmark.merge_table('answers', array['library', 'run_id', 'image_id']);
    update fieldmark.libraries set epoch = at_epoch, image = at_image, published_at = now() where id = of_library;
end
$$;

-- A batch as one JSON object, for Supabase's REST interface.
create function public.fieldmark_publish(batch jsonb) returns void
language plpgsql as $$
declare
    target text;
begin
    perform fieldmark.begin_batch();
    foreach target in array array['recipes', 'layers', 'images', 'annotations', 'answers'] loop
        execute format(
            'insert into pg_temp.%2$I select * from jsonb_populate_recordset(null::fieldmark.%1$I, $1 -> %1$L)',
            target, 'new_' || target) using batch;
    end loop;
    insert into pg_temp.new_removed select value::bigint from jsonb_array_elements_text(batch -> 'removed');
    perform fieldmark.merge_batch(
        batch ->> 'library', batch ->> 'name', (batch ->> 'epoch')::bigint, (batch ->> 'image')::bigint);
end
$$;

revoke execute on function public.fieldmark_state(text), public.fieldmark_publish(jsonb) from public;
do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'anon') then
        revoke execute on function public.fieldmark_state(text), public.fieldmark_publish(jsonb) from anon, authenticated;
    end if;
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant usage on schema fieldmark to service_role;
        grant all on all tables in schema fieldmark to service_role;
        grant execute on function public.fieldmark_state(text), public.fieldmark_publish(jsonb) to service_role;
        grant execute on all functions in schema fieldmark to service_role;
    end if;
end
$$;

insert into fieldmark.schema_version (version) values (1);
