//! The names and tags of runs.

use domain::run_description::RunDescription;

use super::*;

#[test]
fn a_run_has_the_name_and_tags_it_was_given_last() {
    let library = Library::new();
    let image = library.add_image(1);
    let (run, other) = (library.add_run(vec![image]), library.add_run(vec![image]));
    let of = |run| library.store.read_blocking(move |view| view.run(run)).unwrap().description;
    assert_eq!(of(run), RunDescription::default());
    let describe = |run, name: &str, tags: &[&str]| {
        let description = RunDescription { name: name.into(), tags: tags.iter().map(|&tag| tag.to_owned()).collect() };
        library.store.write_blocking(move |edit| edit.describe_run(run, &description))
    };
    describe(run, "Night", &["winter", "\"boats\""]).unwrap();
    describe(run, "Night shift", &["winter"]).unwrap();
    assert_eq!(of(run), RunDescription { name: "Night shift".into(), tags: vec!["winter".into()] });
    assert_eq!(of(other), RunDescription::default());
    assert!(describe(RunId(99), "None", &[]).is_err());
}
