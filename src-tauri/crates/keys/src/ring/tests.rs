use std::time::Instant;

use super::*;

fn owner(origin: &str) -> KeyOwner {
    KeyOwner { provider: "vendor".into(), origin: origin.into(), is_default: false }
}

fn here() -> KeyOwner {
    owner("https://here.example")
}

fn there() -> KeyOwner {
    owner("https://there.example")
}

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

fn found(ring: &KeyRing, owner: &KeyOwner) -> Option<(String, Place)> {
    ring.find(owner).unwrap().map(|found| (found.secret.to_string(), found.place))
}

#[test]
fn a_keychain_that_works_keeps_keys_beyond_the_session() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    ring.check_keychain().unwrap();
    assert_eq!(ring.keep(&here(), planted()), Keeping::Keychain);
    assert_eq!(found(&ring, &there()), None);

    let next = keychain.ring();
    assert_eq!(found(&next, &here()), Some(("planted-key".into(), Place::Keychain)));
    let calls = *lock(&keychain.calls);
    assert_eq!(found(&next, &here()), Some(("planted-key".into(), Place::Keychain)));
    assert_eq!(*lock(&keychain.calls), calls, "a key that was found is not asked for again");

    next.forget(&here()).unwrap();
    assert_eq!(found(&next, &here()), None);
    assert!(lock(&keychain.entries).is_empty());
}

#[test]
fn a_keychain_that_fails_leaves_the_session() {
    for mood in [Mood::Absent, Mood::RefusesToWrite, Mood::RefusesAll, Mood::Panics] {
        let keychain = Arc::new(Scripted::default());
        keychain.turn_to(mood);
        let ring = keychain.ring();
        let Keeping::Session { reason } = ring.keep(&here(), planted()) else { panic!("kept nowhere") };
        assert!(!reason.is_empty());
        assert_eq!(found(&ring, &here()), Some(("planted-key".into(), Place::Session)));
        let is_unknown = matches!(mood, Mood::RefusesAll | Mood::Panics);
        assert_eq!(ring.find(&there()).is_err(), is_unknown, "no answer is not 'no key', but no keychain is");
    }
}

#[test]
fn forgetting_says_when_the_key_may_still_be_there() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    for mood in [Mood::RefusesAll, Mood::Absent, Mood::Panics] {
        keychain.turn_to(Mood::Works);
        assert_eq!(ring.keep(&here(), planted()), Keeping::Keychain);
        keychain.turn_to(mood);
        assert!(matches!(ring.forget(&here()), Err(KeysError::StillKept { .. })));
        keychain.turn_to(Mood::RefusesAll);
        assert!(ring.find(&here()).is_err(), "the session still knew it");
    }
    keychain.turn_to(Mood::Absent);
    assert!(matches!(ring.keep(&here(), planted()), Keeping::Session { .. }));
    ring.forget(&here()).unwrap();
}

#[test]
fn a_keychain_that_does_not_answer_is_given_up_until_it_does() {
    let keychain = Arc::new(Scripted::default());
    keychain.turn_to(Mood::Silent);
    let ring = KeyRing::with_keychain(keychain.clone(), Duration::from_millis(50));
    assert!(matches!(ring.keep(&here(), planted()), Keeping::Session { .. }));
    assert!(ring.find(&there()).is_err());
    assert!(ring.forget(&there()).is_err());
    assert_eq!(*lock(&keychain.calls), 1, "more than one thread waits for it");

    keychain.turn_to(Mood::Works);
    let released = Instant::now();
    while ring.find(&there()).is_err() {
        assert!(released.elapsed() < Duration::from_secs(20), "it is never asked again");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(found(&keychain.ring(), &here()), Some(("planted-key".into(), Place::Keychain)), "it took it after all");
}

#[test]
fn a_key_never_shows() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    ring.keep(&here(), planted());
    let shown = format!("{ring:?} {:?}", ring.find(&here()));
    assert!(!shown.contains("planted"), "{shown}");

    keychain.turn_to(Mood::RefusesAll);
    let refused = format!("{:?} {:?} {:?}", ring.keep(&here(), planted()), ring.forget(&here()), ring.find(&here()));
    assert!(refused.contains("no [key] here"), "{refused}");
    assert!(!refused.contains("planted"), "{refused}");
}

#[test]
fn providers_have_keys_of_their_own_at_one_server() {
    let keychain = Arc::new(Scripted::default());
    let ring = keychain.ring();
    let other = KeyOwner { provider: "other".into(), ..here() };
    ring.keep(&here(), planted());
    assert_eq!(found(&ring, &other), None);
    ring.keep(&other, Zeroizing::new("second".to_owned()));
    assert_eq!(found(&keychain.ring(), &here()), Some(("planted-key".into(), Place::Keychain)));
    assert_eq!(found(&keychain.ring(), &other), Some(("second".into(), Place::Keychain)));
    ring.forget(&here()).unwrap();
    assert_eq!(found(&keychain.ring(), &other), Some(("second".into(), Place::Keychain)));
}

#[test]
fn a_key_from_before_keys_had_providers_is_that_of_the_default_provider() {
    let keychain = Arc::new(Scripted::default());
    let older = || drop(lock(&keychain.entries).insert(here().origin, "older".into()));
    let default = KeyOwner { is_default: true, ..here() };
    older();
    assert_eq!(found(&keychain.ring(), &default), Some(("older".into(), Place::Keychain)));
    assert_eq!(found(&keychain.ring(), &KeyOwner { provider: "other".into(), ..here() }), None);

    keychain.ring().keep(&default, planted());
    assert_eq!(found(&keychain.ring(), &default), Some(("planted-key".into(), Place::Keychain)));
    assert_eq!(lock(&keychain.entries).len(), 1, "the older key is gone");
    older();
    keychain.ring().forget(&default).unwrap();
    assert!(lock(&keychain.entries).is_empty());
}

/// Uses the keychain of this machine. `find` runs in the second process, which this test starts.
mod real {
    use super::*;

    fn tested() -> KeyOwner {
        owner("https://keychain-test.invalid")
    }

    #[test]
    #[ignore = "changes the keychain of the current user, and needs one that is unlocked"]
    fn a_second_process_finds_a_key_until_it_is_forgotten() {
        let ring = KeyRing::open();
        ring.check_keychain().unwrap();
        assert_eq!(found(&ring, &tested()), None);
        assert_eq!(ring.keep(&tested(), Zeroizing::new("older".to_owned())), Keeping::Keychain);
        assert_eq!(ring.keep(&tested(), planted()), Keeping::Keychain);
        let elsewhere = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "ring::tests::real::find", "--nocapture"])
            .output()
            .unwrap();
        ring.forget(&tested()).unwrap();
        assert!(elsewhere.status.success(), "{}", String::from_utf8_lossy(&elsewhere.stderr));
        assert_eq!(found(&KeyRing::open(), &tested()), None);
        ring.forget(&tested()).unwrap();
    }

    #[test]
    #[ignore = "the second process of the test above"]
    fn find() {
        assert_eq!(found(&KeyRing::open(), &tested()), Some(("planted-key".into(), Place::Keychain)));
    }

    #[test]
    #[ignore = "for machines whose keychain is absent or locked: it asserts that keys are kept for the session"]
    fn without_an_open_keychain_keys_are_kept_for_the_session() {
        let ring = KeyRing::open();
        let available = ring.check_keychain();
        let keeping = ring.keep(&tested(), planted());
        let found = found(&ring, &tested());
        let forgotten = ring.forget(&tested());
        eprintln!("{available:?}\n{keeping:?}\n{forgotten:?}");
        assert!(matches!(keeping, Keeping::Session { .. }));
        assert_eq!(found, Some(("planted-key".into(), Place::Session)));
        assert!(available.is_ok() || forgotten.is_ok());
    }
}
