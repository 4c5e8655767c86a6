//! The form of `settings.toml` before it named providers: `base_url`, `transformations_hosts`, `limits` and
//! `further_routes` at the top level, all for the default provider. Such a file is read as if it had the current form,
//! and is converted at the first change. Comments stay with their lines.

use toml_edit::{DocumentMut, Item, Table, value};

/// Keys of the default provider in the old form, and their current names.
const MOVED: [(&str, &str); 4] = [
    ("base_url", "base_url"),
    ("transformations_hosts", "transformations_hosts"),
    ("limits", "limits"),
    ("further_routes", "endpoints"),
];

/// Comments of the old template for keys that no longer exist. The first one is replaced by the current explanation.
const OLDER_COMMENTS: [&str; 4] = [
    "# The server for Claude\n#: base_url = \"https://api.anthropic.com\"\n\n",
    "# Hosts beside api.anthropic.com that take \"transformations\" on an image, with which they refuse an image that they would\n\
     # resize. Most compatible servers refuse the field itself, so that it is sent to no other\n\
     #: transformations_hosts = []\n\n",
    "# Additional endpoints for the same models. Requests are spread over all of them, the cheapest first\n\
     #: further_routes = []\n\
     # [[further_routes]]\n\
     # name = \"Gateway\"\n\
     # base_url = \"https://gateway.example\"\n\
     # key_env = \"GATEWAY_KEY\"    # the variable that holds its key; left out, FIELDMARK_ENDPOINT_GATEWAY_KEY\n\
     # model_prefix = \"\"\n\
     # price_percent = 100        # of the list price\n\
     # limits = {}\n\n",
    "# Limits to stay under within a minute. Left out, Fieldmark follows what the server announces or refuses\n\
     [limits]\n\
     #: requests = 50\n\
     #: input_tokens = 30000\n\
     #: output_tokens = 8000\n\n",
];

/// The template's comment on variables, in the old and the current form.
const VARIABLES: [&str; 2] = [
    "# Variables: ANTHROPIC_BASE_URL, ANTHROPIC_MODEL and CONCURRENCY; for [import], [run] and [limits] also\n\
     # FIELDMARK_IMPORT__INCLUDES_LEFTOVERS, FIELDMARK_RUN__MAX_TOKENS and so on, the section and the key in capitals.\n",
    "# Variables: those of each provider, as \"fieldmark providers\" lists them, and CONCURRENCY; for [import] and [run] also\n\
     # FIELDMARK_IMPORT__INCLUDES_LEFTOVERS, FIELDMARK_RUN__MAX_TOKENS and so on, the section and the key in capitals;\n\
     # FIELDMARK_LIMITS__REQUESTS and so on for the limits of the first provider.\n",
];

/// Converts `text` to the current form, and replaces the old explanation of providers with `explanation`; `None` if it
/// already has the current form, or is not valid TOML. `provider` is the id of the default provider.
///
/// # Errors
/// If a value is set in both forms: which one, and what to do about it.
pub fn converted(text: &str, provider: &str, explanation: &str) -> Result<Option<String>, String> {
    let explained = OLDER_COMMENTS.into_iter().enumerate().fold(text.to_owned(), |text, (place, comment)| {
        text.replace(comment, if place == 0 { explanation } else { "" })
    });
    let explained = explained.replace(VARIABLES[0], VARIABLES[1]);
    let Ok(mut document) = explained.parse::<DocumentMut>() else { return Ok(None) };
    if MOVED.iter().any(|(key, _)| document.contains_key(key)) {
        move_keys(&mut document, provider)?;
        return Ok(Some(document.to_string()));
    }
    Ok((explained != text).then_some(explained))
}

fn move_keys(document: &mut DocumentMut, provider: &str) -> Result<(), String> {
    let mut entries: Vec<Table> = match document.remove("providers").map(Item::into_array_of_tables) {
        None => Vec::new(),
        Some(Ok(entries)) => entries.into_iter().collect(),
        Some(Err(_)) => return Err("providers is not a list of tables: write [[providers]] above each".into()),
    };
    let is_meant = |entry: &Table| entry.get("id").and_then(Item::as_str) == Some(provider);
    let place = entries.iter().position(is_meant).unwrap_or_else(|| {
        let mut entry = Table::new();
        entry.insert("id", value(provider));
        // After everything else.
        entry.set_position(Some(isize::MAX));
        entries.push(entry);
        entries.len() - 1
    });
    let entry = &mut entries[place];
    for (older, now) in MOVED {
        let following = following_key(document.as_table(), older);
        let Some((mut key, mut item)) = document.remove_entry(older) else { continue };
        if entry.contains_key(now) {
            return Err(format!(
                "{older} is set twice: as {older} at the top of the file, and as {now} under [[providers]] with the id \
                 {provider}. Remove one of them"
            ));
        }
        if item.is_value() {
            let prefix = key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
            // Comments above an empty line belong to the file or to other keys.
            let own = prefix.rfind("\n\n").map_or(0, |end| end + 2);
            let (others, own) = prefix.split_at(own);
            leave(document, following.as_deref(), others);
            key.leaf_decor_mut().set_prefix(own);
        }
        if now == "endpoints" {
            item = match item.into_array_of_tables() {
                Ok(endpoints) => Item::ArrayOfTables(endpoints),
                Err(item) => item,
            };
        }
        forget_positions(&mut item);
        let mut named = toml_edit::Key::new(now);
        *named.leaf_decor_mut() = key.leaf_decor().clone();
        entry.insert_formatted(&named, item);
    }
    document.insert("providers", Item::ArrayOfTables(entries.into_iter().collect()));
    Ok(())
}

/// The key of the value after `key` in `table`.
fn following_key(table: &Table, key: &str) -> Option<String> {
    let mut values = table.iter().filter(|(_, item)| item.is_value()).map(|(key, _)| key).skip_while(|own| *own != key);
    values.nth(1).map(ToOwned::to_owned)
}

/// Inserts `comments` above the value under `key`, otherwise above the first section or at the end.
fn leave(document: &mut DocumentMut, key: Option<&str>, comments: &str) {
    if comments.trim().is_empty() {
        return;
    }
    let text = |raw: Option<&toml_edit::RawString>| raw.and_then(|raw| raw.as_str()).unwrap_or_default().to_owned();
    if let Some(mut key) = key.and_then(|key| document.key_mut(key)) {
        let own = text(key.leaf_decor().prefix());
        key.leaf_decor_mut().set_prefix(format!("{comments}{own}"));
    } else if let Some(section) = first_section(document) {
        let own = text(section.decor().prefix());
        section.decor_mut().set_prefix(format!("{comments}{}", own.trim_start_matches('\n')));
    } else {
        let own = text(Some(document.trailing()));
        document.set_trailing(format!("{comments}{own}"));
    }
}

fn first_section(document: &mut DocumentMut) -> Option<&mut Table> {
    let sections = document.iter_mut().filter_map(|(_, item)| match item {
        Item::Table(table) => Some(table),
        Item::ArrayOfTables(tables) => tables.get_mut(0),
        _ => None,
    });
    sections.filter(|section| section.position().is_some()).min_by_key(|section| section.position())
}

/// Makes a moved section follow its new parent.
fn forget_positions(item: &mut Item) {
    match item {
        Item::Table(table) => {
            table.set_position(None);
            table.iter_mut().for_each(|(_, item)| forget_positions(item));
        }
        Item::ArrayOfTables(tables) => {
            for table in tables.iter_mut() {
                table.set_position(None);
                table.iter_mut().for_each(|(_, item)| forget_positions(item));
            }
        }
        _ => {}
    }
}
