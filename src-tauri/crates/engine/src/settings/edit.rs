//! Edits a TOML document: only differences are written, so that comments and the order of lines stay.

use domain::prices::PriceSettings;
use domain::settings::{EndpointSettings, ProviderSettings};
use toml_edit::{ArrayOfTables, Item, Table};

/// Updates `table`, whose contents are `old`, to `new`.
pub fn update(table: &mut Table, old: &Table, new: &Table) {
    for (key, _) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        table.remove(key);
    }
    for (key, value) in new {
        let before = old.get(key);
        if before.is_some_and(|before| before.to_string() == value.to_string()) {
            continue;
        }
        let lists = (before.map(as_list).unwrap_or_default(), as_list(value));
        if !lists.0.is_empty() || !lists.1.is_empty() {
            update_list(table, key, &lists.0, &lists.1);
            continue;
        }
        match (before.and_then(as_section), as_section(value)) {
            (Some(before), Some(value)) => {
                let section = table.entry(key).or_insert_with(toml_edit::table);
                match section {
                    Item::Table(section) => update(section, &before, &value),
                    // An inline table, written by hand.
                    _ => put(table, key, Item::Value(value.into_inline_table().into())),
                }
            }
            _ => put(table, key, value.clone()),
        }
    }
}

/// Serialization writes each section as an inline table.
fn as_section(item: &Item) -> Option<Table> {
    item.clone().into_table().ok()
}

/// The sections of a list; empty for other lists.
fn as_list(item: &Item) -> Vec<Table> {
    item.clone().into_array_of_tables().map_or_else(|_| Vec::new(), |list| list.into_iter().collect())
}

/// Updates the list of sections under `key` from `old` to `new`. A changed section keeps its comments; it is matched by
/// its id or name, otherwise by position.
fn update_list(table: &mut Table, key: &str, old: &[Table], new: &[Table]) {
    let mut written: Vec<Option<Table>> =
        table.remove(key).as_ref().map(as_list).unwrap_or_default().into_iter().map(Some).collect();
    written.resize(old.len(), None);
    let mut places: Vec<Option<usize>> = vec![None; new.len()];
    let is_free = |places: &[Option<usize>], place| !places.contains(&Some(place));
    for (item, table) in new.iter().enumerate() {
        let same = |place: &usize| name_of(&old[*place]) == name_of(table) && is_free(&places, *place);
        let found = (0..old.len())
            .filter(same)
            .max_by_key(|&place| (address_of(&old[place]) == address_of(table), usize::MAX - place));
        places[item] = found;
    }
    for item in 0..new.len() {
        if places[item].is_none() && item < old.len() && is_free(&places, item) {
            places[item] = Some(item);
        }
    }
    let mut list = ArrayOfTables::new();
    for (new, place) in new.iter().zip(places) {
        let section = place.and_then(|place| Some((written[place].take()?, &old[place])));
        let (mut section, old) =
            section.map_or_else(|| (Table::new(), defaults(key)), |(section, old)| (section, old.clone()));
        update(&mut section, &old, new);
        list.push(section);
    }
    if !list.is_empty() {
        table.insert(key, Item::ArrayOfTables(list));
    }
}

fn name_of(section: &Table) -> Option<&str> {
    section.get("id").or_else(|| section.get("name")).and_then(Item::as_str)
}

fn address_of(section: &Table) -> Option<&str> {
    section.get("base_url").and_then(Item::as_str)
}

/// The defaults of a section in the list under `key`.
fn defaults(key: &str) -> Table {
    let serialised = match key {
        "providers" => toml_edit::ser::to_document(&ProviderSettings::new("")),
        "endpoints" => toml_edit::ser::to_document(&EndpointSettings::new("", "")),
        "prices" => toml_edit::ser::to_document(&PriceSettings::default()),
        _ => return Table::new(),
    };
    serialised.map_or_else(|_| Table::new(), |document| document.as_table().clone())
}

/// Replaces the value under `key` and keeps its comments.
fn put(table: &mut Table, key: &str, mut value: Item) {
    let Some(old) = table.get_mut(key) else {
        table.insert(key, value);
        return;
    };
    if let (Some(new), Some(old)) = (value.as_value_mut(), old.as_value()) {
        *new.decor_mut() = old.decor().clone();
    }
    *old = value;
}
