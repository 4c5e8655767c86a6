//! Repairs of libraries with pages that cannot be read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;

use crate::{Home, rows};

/// Adds 10,000 annotations on 500 images, with steps and answers.
fn fill(database: &Path) {
    let connection = Connection::open(database).unwrap();
    connection
        .execute_batch(
            r#"WITH RECURSIVE n(i) AS (SELECT 1001 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
             INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at)
             SELECT i, randomblob(32), 'photo ' || i || '.jpg', 1000, 'jpeg', 1, 100, 80, 1 FROM n;
             INSERT INTO files (path, image_id, byte_len, modified_at)
             SELECT CAST('/photos/of the summer/' || name AS BLOB), id, 1000, 1 FROM images WHERE id > 1000;
             INSERT INTO collection_images SELECT 1, id FROM images WHERE id > 1000;
             INSERT INTO jobs (run_id, image_id, state, found) SELECT 1, id, 'done', '{"cat":20}' FROM images WHERE id > 1000;
             INSERT INTO attempts (job_id, state, sent_at, answered_at, raw_answer, paid)
             SELECT id, 'parsed', 1000000 + id, 1000000 + id, hex(randomblob(400)), 1000 FROM jobs WHERE image_id > 1000;
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
             INSERT INTO annotations (image_id, run_id, label, color, shape, confidence, attributes, status)
             SELECT 1001 + i / 20, 1, 'label ' || i % 7, i % 7, (SELECT shape FROM annotations LIMIT 1), (i % 100) / 100.0,
                    '{}', iif(i % 3 = 0, 'accepted', 'proposed') FROM n;
             PRAGMA wal_checkpoint(truncate)"#,
        )
        .unwrap();
    connection.close().unwrap();
}

/// The first pages of a table, in order, leaves only.
fn leaves(database: &Path, table: &str) -> Vec<u64> {
    let connection = Connection::open(database).unwrap();
    let size: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    let root: u64 =
        connection.query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0)).unwrap();
    let bytes = fs::read(database).unwrap();
    let page = |number: u64| {
        let start = usize::try_from((number - 1) * size).unwrap();
        &bytes[start..start + usize::try_from(size).unwrap()]
    };
    let (mut waiting, mut leaves) = (vec![root], Vec::new());
    while let Some(number) = waiting.pop() {
        let page = page(number);
        // Interior pages of tables and indexes point to their children (section 1.6 of SQLite's file format).
        if matches!(page[0], 2 | 5) {
            let number_at = |at: usize| u64::from(u32::from_be_bytes(page[at..at + 4].try_into().unwrap()));
            let count = usize::from(u16::from_be_bytes([page[3], page[4]]));
            for cell in 0..count {
                let at = usize::from(u16::from_be_bytes([page[12 + 2 * cell], page[13 + 2 * cell]]));
                waiting.push(number_at(at));
            }
            waiting.push(number_at(8));
        } else {
            leaves.push(number);
        }
    }
    leaves.sort_unstable();
    leaves
}

fn overwrite(database: &Path, pages: &[u64], byte: u8) {
    let mut file = File::options().write(true).open(database).unwrap();
    for page in pages {
        file.seek(SeekFrom::Start((page - 1) * 4096)).unwrap();
        file.write_all(&[byte; 4096]).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_damaged_library_still_holds_is_saved() {
    let home = Home::annotated(2).await;
    fill(&home.database());
    let before = rows(&home.database());
    let whole = fs::read(home.database()).unwrap();
    let count = |rows: &BTreeMap<String, Vec<String>>, table: &str| rows[table].len();
    assert!(count(&before, "annotations") > 10_000);

    for (table, byte) in [("annotations", 0x00), ("annotations", 0xA5), ("files", 0xFF), ("attempts", 0x3C)] {
        fs::write(home.database(), &whole).unwrap();
        let pages = leaves(&home.database(), table);
        // Two in the middle, apart from each other, as after bad sectors.
        let damaged: Vec<u64> = if pages.len() > 8 {
            vec![pages[pages.len() / 3], pages[pages.len() / 2]]
        } else {
            vec![pages[pages.len() / 2]]
        };
        overwrite(&home.database(), &damaged, byte);
        let (check, is_fine) = home.library(&["check"]);
        assert!(!is_fine && !check["damages"].as_array().unwrap().is_empty(), "{table} {byte}: {check}");
        let (repair, is_whole) = home.library(&["repair"]);
        assert!(!is_whole && repair["kind"] == "saved", "{table}: {repair:#}");
        let aside = PathBuf::from(repair["kept_aside"].as_str().unwrap());
        assert_eq!(fs::metadata(&aside).unwrap().len(), whole.len() as u64);
        let after = rows(&home.database());
        for saved in repair["tables"].as_array().unwrap() {
            let name = saved["table"].as_str().unwrap();
            let number = |key: &str| usize::try_from(saved[key].as_u64().unwrap_or_default()).unwrap();
            assert_eq!(number("copied") + number("lost"), before[name].len(), "{table}: {saved}");
            if name == table {
                // About a page each.
                let lost = number("lost");
                assert!(lost > 0 && lost * pages.len() < before[name].len() * (damaged.len() + 2), "{saved}");
            } else {
                assert_eq!(number("lost"), 0, "{table}: {saved}");
            }
        }
        for row in &after[table] {
            assert!(before[table].binary_search(row).is_ok(), "{table}: {row}");
        }
        if table == "attempts" {
            assert_eq!(after["spending"], before["spending"], "what was spent is not forgotten");
        }
        let (check, _) = home.library(&["check"]);
        for problem in ["damages", "broken_references", "differences"] {
            assert_eq!(check[problem], Value::Array(vec![]), "{table}: {check}");
        }
        fs::remove_file(aside).unwrap();
    }

    // Rows of lost images are not copied, and nothing refers to them.
    fs::write(home.database(), &whole).unwrap();
    let pages = leaves(&home.database(), "images");
    overwrite(&home.database(), &pages[pages.len() / 2..=pages.len() / 2], 0);
    let (repair, _) = home.library(&["repair"]);
    let saved =
        |name: &str| repair["tables"].as_array().unwrap().iter().find(|saved| saved["table"] == name).unwrap().clone();
    assert!(saved("images")["lost"].as_u64().unwrap() > 0 && saved("annotations")["not_copied"].as_u64().unwrap() > 0);
    let (check, _) = home.library(&["check"]);
    assert_eq!((&check["broken_references"], &check["differences"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    let (info, _) = home.library(&["info"]);
    assert!(info["counts"]["annotations"].as_u64().unwrap() > 8_000, "{info}");
}
