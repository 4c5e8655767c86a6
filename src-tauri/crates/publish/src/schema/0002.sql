-- Fieldmark's tables in a PostgreSQL database, version 2: copies of a library are told apart, publishers notice each other,
-- and what the library no longer has is deleted.

alter table fieldmark.libraries
    -- Of the publication that wrote last. A library knows the tokens of its own; a restored backup lacks the later ones.
    add column token    text,
    -- Whether the tables have no rows that the library lacks: false until a publication of everything has ended.
    add column is_exact boolean not null default false;

-- How far a library is published; null fields if it was never.
create or replace function public.fieldmark_state(of_library text) returns jsonb
language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'version', (select max(version) from fieldmark.schema_version),
        'position', (select jsonb_build_object('token', token, 'epoch', epoch, 'image', image, 'is_exact', is_exact)
                     from fieldmark.libraries where id = of_library))
$$;

-- Temporary tables for one batch, each with the columns of its table. They go with the transaction.
create or replace function fieldmark.begin_batch() returns void
language plpgsql as $$
declare
    target text;
begin
    foreach target in array array['recipes', 'layers', 'images', 'annotations', 'answers'] loop
        execute format('create temporary table new_%1$s (like fieldmark.%1$s) on commit drop', target);
    end loop;
end
$$;

drop function fieldmark.merge_batch(text, text, bigint, bigint);

-- Applies the batch of the temporary tables, and remembers how far the library is published. Of an image in it, what the
-- batch does not have is deleted. The header says how far the library was published before, and with the last batch of a
-- publication all layers and recipes that it has, and all images if the tables are to be exact.
create function fieldmark.merge_batch(header jsonb) returns void
language plpgsql as $$
declare
    of_library text := header ->> 'library';
begin
    insert into fieldmark.libraries (id, name) values (of_library, header ->> 'name')
    on conflict (id) do update set name = excluded.name;
    -- This row is locked until the transaction ends.
    if not exists (
        select from fieldmark.libraries
        where id = of_library and epoch = (header #>> '{after,epoch}')::bigint
            and image = (header #>> '{after,image}')::bigint and token is not distinct from header #>> '{after,token}') then
        raise exception 'the library is being published by another program' using errcode = 'PT409';
    end if;
    perform fieldmark.merge_table('recipes', array['library', 'id']);
    perform fieldmark.merge_table('layers', array['library', 'id']);
    delete from fieldmark.images as kept using jsonb_array_elements_text(header -> 'removed') as removed (id)
    where kept.library = of_library and kept.id = removed.id::bigint;
    perform fieldmark.merge_table('images', array['library', 'id']);
    delete from fieldmark.annotations as kept using pg_temp.new_images as image
    where kept.library = of_library and kept.image_id = image.id
        and not exists (select from pg_temp.new_annotations as other where other.id = kept.id);
    delete from fieldmark.answers as kept using pg_temp.new_images as image
    where kept.library = of_library and kept.image_id = image.id and not exists (
        select from pg_temp.new_answers as other where other.run_id = kept.run_id and other.image_id = kept.image_id);
    perform fieldmark.merge_table('annotations', array['library', 'id']);
    perform fieldmark.merge_table('answers', array['library', 'run_id', 'image_id']);
    if jsonb_typeof(header -> 'all_images') = 'array' then
        delete from fieldmark.images as kept where kept.library = of_library and not exists (
            select from jsonb_array_elements_text(header -> 'all_images') as own (id) where own.id::bigint = kept.id);
    end if;
    if jsonb_typeof(header -> 'all_layers') = 'array' then
        -- The annotations of an import that was undone meanwhile are deleted by the next publication.
        delete from fieldmark.layers as kept where kept.library = of_library and not exists (
            select from jsonb_array_elements_text(header -> 'all_layers') as own (id) where own.id::bigint = kept.id)
            and not exists (
                select from fieldmark.annotations where library = of_library and annotations.layer_id = kept.id);
        delete from fieldmark.recipes as kept where kept.library = of_library and not exists (
            select from jsonb_array_elements_text(header -> 'all_recipes') as own (id) where own.id::bigint = kept.id);
    end if;
    update fieldmark.libraries
    set token = header ->> 'token', epoch = (header ->> 'epoch')::bigint, image = (header ->> 'image')::bigint,
        is_exact = (header ->> 'is_exact')::boolean, published_at = now()
    where id = of_library;
end
$$;

-- A batch as one JSON object, for Supabase's REST interface.
create or replace function public.fieldmark_publish(batch jsonb) returns void
language plpgsql as $$
declare
    target text;
begin
    perform fieldmark.begin_batch();
    foreach target in array array['recipes', 'layers', 'images', 'annotations', 'answers'] loop
        execute format(
            'insert into pg_temp.%2$I select * from jsonb_populate_recordset(null::fieldmark.%1$I, $1 -> %1$L)',
            target, 'new_' || target) using batch -> 'rows';
    end loop;
    perform fieldmark.merge_batch(batch -> 'header');
end
$$;

do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
        grant execute on all functions in schema fieldmark to service_role;
    end if;
end
$$;

insert into fieldmark.schema_version (version) values (2);
