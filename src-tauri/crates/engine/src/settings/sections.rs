//! Keeps comments where they belong when sections are added to a TOML document or removed from it.
//!
//! A comment belongs to the section above it: the commented keys below `[hooks]` are the hooks'. `toml_edit` keeps the comments
//! between two sections with the second one, and those below the last section with the document.

use toml_edit::{DocumentMut, Item, Table};

/// Where the sections of a document are, and the comments above them that belong to the section before.
pub struct Sections(Vec<(isize, String)>);

impl Sections {
    /// Of `document`, which was just parsed.
    pub fn of(document: &mut DocumentMut) -> Self {
        let mut sections = Vec::new();
        visit(document.as_table_mut(), &mut |section| {
            sections.extend(section.position().map(|position| (position, others_comments(section))));
        });
        sections.sort_unstable();
        Self(sections)
    }

    /// Puts new sections of `document` behind its comments, and the comments of removed sections where they were.
    pub fn settle(self, document: &mut DocumentMut) {
        let end = self.0.last().map_or(0, |(position, _)| *position) + 1;
        for (_, item) in document.as_table_mut().iter_mut() {
            let is_new = match &*item {
                Item::Table(section) => !section.is_implicit() && section.position().is_none(),
                Item::ArrayOfTables(list) => list.iter().all(|section| section.position().is_none()),
                _ => false,
            };
            if is_new {
                visit_item(item, &mut |section| section.set_position(Some(end)));
            }
        }
        self.keep_comments(document);
        // Sections in the order in which they are written, and whether they are new.
        let mut written = Vec::new();
        let mut last = 0;
        visit(document.as_table_mut(), &mut |section| {
            last = section.position().unwrap_or(last);
            let is_new = section.position().is_none_or(|position| position == end);
            written.push((last, written.len(), is_new));
        });
        written.sort_unstable();
        let added = written.iter().rev().take_while(|(.., is_new)| *is_new).last().map(|(_, place, _)| *place);
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        if let Some(added) = added.filter(|_| !trailing.trim().is_empty()) {
            let mut place = 0;
            visit(document.as_table_mut(), &mut |section| {
                if place == added {
                    let own = prefix(section).trim_start_matches('\n').to_owned();
                    section.decor_mut().set_prefix(format!("{}\n\n{own}", trailing.trim_end()));
                }
                place += 1;
            });
            document.set_trailing("");
        }
    }

    /// Moves the comments above removed sections to the next section.
    fn keep_comments(&self, document: &mut DocumentMut) {
        let mut left = Vec::new();
        visit(document.as_table_mut(), &mut |section| left.extend(section.position()));
        for (position, comments) in self.0.iter().rev() {
            if left.contains(position) || comments.is_empty() {
                continue;
            }
            let Some(next) = left.iter().copied().filter(|other| other > position).min() else {
                let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
                document.set_trailing(format!("{comments}{trailing}"));
                continue;
            };
            visit(document.as_table_mut(), &mut |section| {
                if section.position() == Some(next) {
                    let above = format!("{comments}{}", prefix(section));
                    section.decor_mut().set_prefix(above);
                }
            });
        }
    }
}

/// The part above the last empty line of what is written above the section; what is directly above it is its own.
fn others_comments(section: &Table) -> String {
    let prefix = prefix(section);
    let others = prefix.rfind("\n\n").map_or("", |end| &prefix[..=end]);
    if others.trim().is_empty() { String::new() } else { others.to_owned() }
}

fn prefix(section: &Table) -> &str {
    section.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default()
}

/// Calls `each` with every section below `table`, in the order of the items.
fn visit(table: &mut Table, each: &mut dyn FnMut(&mut Table)) {
    for (_, item) in table.iter_mut() {
        visit_item(item, each);
    }
}

fn visit_item(item: &mut Item, each: &mut dyn FnMut(&mut Table)) {
    match item {
        Item::Table(section) => {
            if !section.is_dotted() && !section.is_implicit() {
                each(section);
            }
            visit(section, each);
        }
        Item::ArrayOfTables(list) => {
            for section in list.iter_mut() {
                each(section);
                visit(section, each);
            }
        }
        _ => {}
    }
}
