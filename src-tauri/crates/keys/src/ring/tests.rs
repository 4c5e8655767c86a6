use std::time::Instant;

use super::*;

const HERE: &str = "https://here.example";
const THERE: &str = "https://there.example";

/// A scripted in-memory keychain.
#[derive(Default)]
struct Scripted {
    entries: Mutex<HashMap<String, String>>,
    mood: Mutex<Mood>,
    calls: Mutex<usize>,
}

#[derive(Default, Clone, Copy)]
enum Mood {
    #[default]
    Works,
    Absent,
    RefusesToWrite,
    RefusesAll,
    Panics,
    /// Does not answer until the mode changes.
    Silent,
}

impl Scripted {
    fn ring(self: &Arc<Self>) -> KeyRing {
        KeyRing::with_keychain(self.clone(), PATIENCE)
    }

    fn turn_to(&self, mood: Mood) {
        *lock(&self.mood) = mood;
    }

    fn answer<T>(
        &self,
        writes: bool,
        given: &str,
        work: impl FnOnce() -> T,
    ) -> std::result::Result<T, KeychainFailure> {
        *lock(&self.calls) += 1;
        let mood = *lock(&self.mood);
        match mood {
            Mood::Works => Ok(work()),
            Mood::Absent => Err(KeychainFailure::Absent { reason: "none".into() }),
            Mood::RefusesToWrite if !writes => Ok(work()),
            Mood::RefusesToWrite | Mood::RefusesAll => Err(KeychainFailure::refused(format!("no {given} here"))),
            Mood::Panics => panic!("as told"),
            Mood::Silent => {
                while matches!(*lock(&self.mood), Mood::Silent) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(work())
            }
        }
    }
}

impl Keychain for Scripted {
    fn check(&self) -> std::result::Result<(), KeychainFailure> {
        self.answer(false, "", || ())
    }

    fn read(&self, origin: &str) -> std::result::Result<Option<Zeroizing<String>>, KeychainFailure> {
        self.answer(false, "", || lock(&self.entries).get(origin).cloned().map(Zeroizing::new))
    }

    fn write(&self, origin: &str, secret: &str) -> std::result::Result<(), KeychainFailure> {
        self.answer(true, secret, || drop(lock(&self.entries).insert(origin.into(), secret.into())))
    }

    fn delete(&self, origin: &str) -> std::result::Result<(), KeychainFailure> {
        self.answer(true, "", || drop(lock(&self.entries).remove(origin)))
    }
}

fn planted() -> Zeroizing<String> {
    Zeroizing::new("planted-key".to_owned())
}

fn found(ring: &KeyRing, origin: &str) -> Option<(String, Place)> {
    ring.find(origin).unwrap().map(|found| (found.secret.to_string(), found.place))
}

#[test]
fn a_keychain_that_works_keeps_keys_beyond_the_session() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    ring.check_keychain().unwrap();
    assert_eq!(ring.keep(HERE, planted()), Keeping::Keychain);
    assert_eq!(found(&ring, THERE), None);

    let next = keychain.ring();
    assert_eq!(found(&next, HERE), Some(("planted-key".into(), Place::Keychain)));
    let calls = *lock(&keychain.calls);
    assert_eq!(found(&next, HERE), Some(("planted-key".into(), Place::Keychain)));
    assert_eq!(*lock(&keychain.calls), calls, "a key that was found is not asked for again");

    next.forget(HERE).unwrap();
    assert_eq!(found(&next, HERE), None);
    assert!(lock(&keychain.entries).is_empty());
}

#[test]
fn a_keychain_that_fails_leaves_the_session() {
    for mood in [Mood::Absent, Mood::RefusesToWrite, Mood::RefusesAll, Mood::Panics] {
        let keychain = Arc::new(Scripted::default());
        keychain.turn_to(mood);
        let ring = keychain.ring();
        let Keeping::Session { reason } = ring.keep(HERE, planted()) else { panic!("kept nowhere") };
        assert!(!reason.is_empty());
        assert_eq!(found(&ring, HERE), Some(("planted-key".into(), Place::Session)));
        assert_eq!(ring.find(THERE).is_err(), !matches!(mood, Mood::RefusesToWrite), "no answer is not 'no key'");
    }
}

#[test]
fn forgetting_says_when_the_key_may_still_be_there() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    for mood in [Mood::RefusesAll, Mood::Absent, Mood::Panics] {
        keychain.turn_to(Mood::Works);
        assert_eq!(ring.keep(HERE, planted()), Keeping::Keychain);
        keychain.turn_to(mood);
        assert!(matches!(ring.forget(HERE), Err(KeysError::StillKept { .. })));
        keychain.turn_to(Mood::RefusesAll);
        assert!(ring.find(HERE).is_err(), "the session still knew it");
    }
    keychain.turn_to(Mood::Absent);
    assert!(matches!(ring.keep(HERE, planted()), Keeping::Session { .. }));
    ring.forget(HERE).unwrap();
}

#[test]
fn a_keychain_that_does_not_answer_is_given_up_until_it_does() {
    let keychain = Arc::new(Scripted::default());
    keychain.turn_to(Mood::Silent);
    let ring = KeyRing::with_keychain(keychain.clone(), Duration::from_millis(50));
    assert!(matches!(ring.keep(HERE, planted()), Keeping::Session { .. }));
    assert!(ring.find(THERE).is_err());
    assert!(ring.forget(THERE).is_err());
    assert_eq!(*lock(&keychain.calls), 1, "more than one thread waits for it");

    keychain.turn_to(Mood::Works);
    let released = Instant::now();
    while ring.find(THERE).is_err() {
        assert!(released.elapsed() < Duration::from_secs(20), "it is never asked again");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(found(&keychain.ring(), HERE), Some(("planted-key".into(), Place::Keychain)), "it took it after all");
}

#[test]
fn a_key_never_shows() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    ring.keep(HERE, planted());
    let shown = format!("{ring:?} {:?}", ring.find(HERE));
    assert!(!shown.contains("planted"), "{shown}");

    keychain.turn_to(Mood::RefusesAll);
    let refused = format!("{:?} {:?} {:?}", ring.keep(HERE, planted()), ring.forget(HERE), ring.find(HERE));
    assert!(refused.contains("no [key] here"), "{refused}");
    assert!(!refused.contains("planted"), "{refused}");
}

/// The keychain of this machine. `find` runs in a second process, which this test starts.
mod real {
    use super::*;

    const ORIGIN: &str = "https://keychain-test.invalid";

    #[test]
    #[ignore = "changes the keychain of whoever runs it, and needs one that is unlocked"]
    fn a_second_process_finds_a_key_until_it_is_forgotten() {
        let ring = KeyRing::open();
        ring.check_keychain().unwrap();
        assert_eq!(found(&ring, ORIGIN), None);
        assert_eq!(ring.keep(ORIGIN, Zeroizing::new("older".to_owned())), Keeping::Keychain);
        assert_eq!(ring.keep(ORIGIN, planted()), Keeping::Keychain);
        let elsewhere = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "ring::tests::real::find", "--nocapture"])
            .output()
            .unwrap();
        ring.forget(ORIGIN).unwrap();
        assert!(elsewhere.status.success(), "{}", String::from_utf8_lossy(&elsewhere.stderr));
        assert_eq!(found(&KeyRing::open(), ORIGIN), None);
        ring.forget(ORIGIN).unwrap();
    }

    #[test]
    #[ignore = "the second process of the test above"]
    fn find() {
        assert_eq!(found(&KeyRing::open(), ORIGIN), Some(("planted-key".into(), Place::Keychain)));
    }

    #[test]
    #[ignore = "for machines whose keychain is absent or locked: it asserts that keys are kept for the session"]
    fn without_an_open_keychain_keys_are_kept_for_the_session() {
        let ring = KeyRing::open();
        let available = ring.check_keychain();
        let keeping = ring.keep(ORIGIN, planted());
        let found = found(&ring, ORIGIN);
        let forgotten = ring.forget(ORIGIN);
        eprintln!("{available:?}\n{keeping:?}\n{forgotten:?}");
        assert!(matches!(keeping, Keeping::Session { .. }));
        assert_eq!(found, Some(("planted-key".into(), Place::Session)));
        assert!(available.is_ok() || forgotten.is_ok());
    }
}
