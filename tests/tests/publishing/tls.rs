//! Encrypted connections to a server with a certificate.

use fieldmark_tests::postgres::Certificate;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_who_its_certificate_says() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, other) = (Certificate::of("db.example"), Certificate::of("db.example"));
    let server = Server::with_certificate(&certificate);
    let client = server.database("photos").await;
    let port = server.port();
    let file = |name: &str, certificate: &Certificate| {
        let path = folder.path().join(name);
        std::fs::write(&path, &certificate.authority).unwrap();
        path.display().to_string()
    };
    let (authority, unknown) = (file("the authority's.crt", &certificate), file("unknown.crt", &other));
    let quoted = authority.replace('\'', "\\'");
    let publish = async |connection: &str| {
        let bench = Bench::among(&[("FIELDMARK_DATABASE_URL", connection)]);
        bench.library.publishing.publish(false, |_| {}).await
    };
    let parameters = |host: &str, mode: &str| {
        format!(
            "host={host} hostaddr=127.0.0.1 port={port} user=owner dbname=photos sslmode={mode} sslrootcert='{quoted}'"
        )
    };
    publish(&parameters("db.example", "verify-full")).await.unwrap();
    // The server's own view of the connection that published.
    client
        .batch_execute(
            "create table public.seen (is_encrypted boolean not null);
             create function public.see() returns trigger language plpgsql as $$ begin
                 insert into public.seen select ssl from pg_stat_ssl where pid = pg_backend_pid();
                 return new;
             end $$;
             create trigger see after insert on fieldmark.libraries for each row execute function public.see()",
        )
        .await
        .unwrap();
    let local = format!("postgres://owner@127.0.0.1:{port}/photos");
    for (connection, is_encrypted) in [
        (parameters("db.example", "verify-full"), true),
        (parameters("db.example", "prefer"), true),
        (parameters("db.example", "disable"), false),
        (format!("{local}?sslmode=require&sslrootcert={authority}"), true),
        (local.clone(), false),
    ] {
        publish(&connection).await.unwrap();
        let seen = client.query("delete from public.seen returning is_encrypted", &[]).await.unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|row| row.get::<_, bool>(0) == is_encrypted), "{connection}");
    }
    for (refused, reason) in [
        (parameters("other.example", "verify-full"), "not valid for name"),
        (parameters("other.example", "require"), "not valid for name"),
        (
            format!("host=db.example hostaddr=127.0.0.1 port={port} user=owner sslrootcert={unknown}"),
            "invalid peer certificate",
        ),
        (format!("{local}?sslmode=require&sslrootcert={unknown}"), "invalid peer certificate"),
    ] {
        let error = publish(&refused).await.unwrap_err().to_string();
        assert!(error.contains("certificate") && error.contains(reason), "{error}");
    }
    assert_eq!(number(&client, "select count(*) from public.seen").await, 0);
}
