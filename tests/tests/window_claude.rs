//! Claude in the real window, against the simulator and faulty servers: keys, the connection test, consent, a run, reasons
//! that stop one; and that no key is in the web view's memory.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;

use domain::annotation::Shape;
use domain::money::PicoDollars;
use fantoccini::Locator;
use fieldmark_tests::desk::{Desk, Window};
use fieldmark_tests::repository;
use simulator::{Fault, Options, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PLANTED: &str = "sk-planted-Qm9vdHMtYW5kLWNhdHM";
const LABELS: &str = "red, green, blue, yellow";

/// A server that returns the same reply to every request.
async fn parrot(content_type: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            // The reply does not depend on the request.
            let _asked = stream.read(&mut asked).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _said = stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await;
        }
    });
    url
}

trait Settings {
    async fn ignore_saved_answers(&self);
    async fn set_address(&self, url: &str);
    async fn set_key(&self, key: &str);
    async fn test_connection(&self, expected: &str);
}

impl Settings for Window {
    async fn ignore_saved_answers(&self) {
        let switch = "//label[contains(., 'Ignore saved answers')]//input";
        // Content above the switch may change while the plan is computed, so that a click misses it.
        for _ in 0..20 {
            self.press(switch).await;
            if self.see(switch).await.is_selected().await.unwrap_or_default() {
                return;
            }
        }
        panic!("the switch stays off");
    }

    async fn set_address(&self, url: &str) {
        self.enter("anthropic-address", url).await;
        self.press("//form[.//input[@id='anthropic-address']]//button[normalize-space()='Save']").await;
        let saved = "return document.querySelector('form:has(#anthropic-address) button').disabled";
        self.wait_until("the address is saved", saved).await;
    }

    async fn set_key(&self, key: &str) {
        let replace = self.0.find(Locator::XPath("//button[normalize-space()='Replace']")).await;
        if let Ok(replace) = replace {
            replace.click().await.unwrap();
        }
        self.enter("anthropic-key", key).await;
        self.press("//button[normalize-space()='Save key']").await;
        self.wait_until("the key is taken", "return !document.querySelector('#anthropic-key')").await;
        self.see("//p[contains(., 'A key is kept in memory')]").await;
        let html = self.run("return document.documentElement.outerHTML").await;
        assert!(!html.as_str().unwrap().contains(key), "the key is gone from the page");
    }

    async fn test_connection(&self, expected: &str) {
        self.press("//button[normalize-space()='Test connection'][not(@disabled)]").await;
        self.see(&format!("//*[@role='status']//p[contains(., \"{expected}\")]")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_connection_says_what_to_do() {
    let desk = Desk::new();
    let driver = desk.screen.driver();
    let window = Window::open(&driver.url(), &[]).await;
    let server = Simulator::start(Options::default()).await.unwrap();
    window.press("//button[@aria-label='Settings']").await;

    window.set_address(&server.url()).await;
    window.test_connection("There is no key for 127.0.0.1").await;
    window.set_key(simulator::WRONG_KEY).await;
    window.test_connection("rejected the key").await;
    window.photograph("20-key-rejected").await;
    window.set_key(simulator::NO_CREDIT_KEY).await;
    window.test_connection("has no credit").await;
    window.set_key(simulator::FORBIDDEN_KEY).await;
    window.test_connection("lacks the permission").await;
    window.set_key(PLANTED).await;
    window.test_connection("It works").await;
    window.photograph("21-connected").await;

    server.stop().await;
    window.test_connection("cannot be reached").await;

    let page = parrot("text/html", "<html>Welcome to the guest network</html>").await;
    window.set_address(&page).await;
    window.set_key(PLANTED).await;
    window.test_connection("is not a compatible server").await;
    let other =
        parrot("application/json", r#"{"data":[{"id":"claude-opus-3","type":"model"}],"has_more":false}"#).await;
    window.set_address(&other).await;
    window.set_key(PLANTED).await;
    window.test_connection("does not have claude-sonnet-5-5").await;
    window.see("//li[normalize-space()='claude-opus-3']").await;
    window.photograph("22-unknown-model").await;

    window.enter("anthropic-address", "http://photos.example").await;
    window.press("//form[.//input[@id='anthropic-address']]//button[normalize-space()='Save']").await;
    window.see("//*[contains(@class, 'toast')][contains(., 'https://')]").await;
    window.0.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_for_consent_survives_its_server_and_shows_what_it_paid() {
    let desk = Desk::new();
    for name in ["table-1.png", "table-2.png", "table-3.png", "table-4.png"] {
        fs::copy(repository("docs/tour").join(name), desk.photos().join(name)).unwrap();
    }
    let server = Simulator::start(Options::default()).await.unwrap();
    // A key in the .env file of the working folder: the app has it, and the web view never gets it.
    let work = desk.folder.path().join("work");
    fs::create_dir(&work).unwrap();
    let dot_env = format!("ANTHROPIC_BASE_URL={}\nANTHROPIC_API_KEY={PLANTED}\n", server.url());
    fs::write(work.join(".env"), dot_env).unwrap();
    let driver = desk.screen.driver_in(&work, &[]);
    let photos = desk.photos();
    let window = Window::open(&driver.url(), &[&photos]).await;
    window.wait_until("four pictures", "return document.querySelectorAll('[role=option] img').length === 4").await;

    window.go_to("Plan").await;
    window.enter("find-these", LABELS).await;
    window.press("//button[normalize-space()='Save as recipe']").await;
    // The file came with the folder: it is shown first, and used only if the user allows it.
    window.see("//*[contains(., 'A key is needed for api.anthropic.com')]").await;
    window.press("//button[normalize-space()='Review the file']").await;
    let host = server.url();
    window
        .see(&format!("//section[.//button[normalize-space()='Use this file']]//dd[normalize-space()='{host}']"))
        .await;
    let html = window.run("return document.documentElement.outerHTML").await;
    assert!(!html.as_str().unwrap().contains(PLANTED), "only the end of the key is shown");
    window.photograph("19-env-file").await;
    window.press("//button[normalize-space()='Use this file']").await;
    window
        .wait_until(
            "the key of the file is used",
            "return document.body.innerText.includes('.env file of the working folder')",
        )
        .await;
    window.go_to("Plan").await;
    let annotate = "//button[starts-with(normalize-space(), 'Annotate 4 images, about $')][not(@disabled)]";
    window.see(annotate).await;
    window.photograph("23-plan-claude").await;
    window.press(annotate).await;
    window.see("//*[@role='dialog']//*[contains(., '127.0.0.1')]").await;
    window.photograph("24-consent").await;
    assert_eq!(server.ledger().billed.len(), 0, "nothing is sent before consent");
    window.press("//*[@role='dialog']//button[starts-with(normalize-space(), 'Send 4 images')]").await;
    window.see("//*[contains(text(), 'Completed')]").await;
    window.photograph("25-run-claude").await;
    let cards = desk.cards();
    let table = cards.iter().find(|card| card.name == "table-1.png").unwrap();
    let blue = table.annotations.iter().find(|annotation| annotation.label == "blue").unwrap();
    let Shape::Box { rect } = blue.shape else { panic!("a box: {blue:?}") };
    assert!((rect.x1 - 640.0).abs() <= 2.0 && (rect.y2 - 821.0).abs() <= 2.0, "{rect:?}");
    window.go_to("History").await;
    window.see("//h1[normalize-space() = 'Run 1']").await;
    window.photograph("26-history-claude").await;

    // Saved answers are ignored, since every answer exists already. The budget is too small for all four, then raised.
    window.go_to("Plan").await;
    window.see("//*[contains(text(), 'All answers are saved')]").await;
    window.photograph("32-plan-answered").await;
    window.ignore_saved_answers().await;
    window.enter("budget-cap", "0.10").await;
    window.see(annotate).await;
    window.photograph("30-plan-budget").await;
    window.press(annotate).await;
    window.see("//*[@role='status'][contains(., '$0.10')]").await;
    window.photograph("31-budget-reached").await;
    let stopped = desk.library().history.runs().unwrap()[0].clone();
    assert!(stopped.waiting > 0 && stopped.paid + stopped.possibly_billed.at_most <= PicoDollars(100_000_000_000));
    window.press("//button[normalize-space()='Raise and resume']").await;
    window.see("//*[contains(text(), 'Completed')]").await;
    window.go_to("Plan").await;
    window.ignore_saved_answers().await;
    window.enter("budget-cap", " ").await;

    // The same again, against a server that starts to reject the key, and then one that is unreachable.
    server.script([Fault::SpendLimit]);
    window.press(annotate).await;
    window.see("//*[contains(text(), 'Spend limit')]").await;
    window.photograph("27-stopped").await;
    server.stop().await;
    window.press("//button[starts-with(normalize-space(), 'Resume')]").await;
    window.see("//*[contains(., 'cannot be reached')][contains(., 'again in')]").await;
    window.photograph("28-held").await;
    // The server has answered before, so the run waits for it as long as the user likes.
    window.press("//button[starts-with(normalize-space(), 'Pause')]").await;
    window.see("//button[starts-with(normalize-space(), 'Resume')]").await;
    window.photograph("29-unreachable").await;
    let run = &desk.library().history.runs().unwrap()[0];
    assert_eq!(run.failed, 0, "no image fails for its server");

    let (holding, processes) = desk.screen.web_processes_holding(PLANTED.as_bytes());
    assert!(processes >= 1, "the web view has processes of its own");
    assert_eq!(holding, 0, "the key is in the memory of the web view");
    // The search itself works: it finds the page's own text.
    assert!(desk.screen.web_processes_holding(b"table-1.png").0 >= 1);
    window.0.close().await.unwrap();
}
