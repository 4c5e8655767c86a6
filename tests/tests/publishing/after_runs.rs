//! Publishing after runs.

use std::net::TcpListener;

use super::*;

/// A bench with three pictures that publishes to the database at `url` after each run.
async fn bench_with(simulator: &str, url: &str) -> Bench {
    let bench = Bench::with_pictures(simulator, "sk-any", 3);
    bench.library.publishing.connect(url.to_owned().into()).await.unwrap();
    let mut settings = bench.library.settings.stated().unwrap();
    settings.publish.after_run = true;
    bench.library.settings.replace(&settings).unwrap();
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_published_when_it_has_ended() {
    let (server, simulator) = (Server::start(), Simulator::start(Options::default()).await.unwrap());
    let client = server.database("photos").await;
    let bench = bench_with(&simulator.url(), &server.url("photos")).await;
    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let published = bench.library.publishing.settled().await;
    assert!(matches!(&published[..], [Ok(published)] if published.images == 3), "{published:?}");
    assert_eq!(number(&client, "select count(*) from fieldmark.answers where state = 'done'").await, 3);
    let ended = "select count(*) from fieldmark.layers where state in ('running', 'stopping')";
    assert_eq!(number(&client, ended).await, 0);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_holds_no_run() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bench = bench_with(&simulator.url(), &format!("postgres://me@127.0.0.1:{port}/photos?connect_timeout=2")).await;
    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    // The run has been released: another session of it can begin, while the server is still waited for.
    assert!(matches!(
        bench.library.runs.resume(fieldmark_tests::bench::resume(run)).await,
        Err(EngineError::NothingLeft { .. })
    ));
    assert_eq!(bench.library.publishing.last().await.unwrap(), None);

    let published = bench.library.publishing.settled().await;
    assert!(matches!(&published[..], [Err(EngineError::Publish(_))]), "{published:?}");
    let outcome = bench.library.publishing.last().await.unwrap().unwrap().outcome;
    let PublicationOutcome::Failed { message } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("has not answered for 2 seconds"), "{message}");
    simulator.stop().await;
}
