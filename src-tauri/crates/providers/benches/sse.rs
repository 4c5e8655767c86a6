//! What taking a streamed answer apart costs, in the pieces in which a network delivers it.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use providers::sse::Parser;

/// Pieces of its text in which a model sends an answer of eight annotations.
const DELTAS: u32 = 200;
/// What one packet holds, in bytes.
const PACKET: usize = 1_400;

/// A stream as the Messages API sends it.
fn stream() -> String {
    let mut stream = String::new();
    let mut add = |name: &str, data: &str| {
        // Writing to a string does not fail.
        let _ = write!(stream, "event: {name}\ndata: {data}\n\n");
    };
    add("message_start", r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":2400}}}"#);
    add("content_block_start", r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#);
    for _ in 0..DELTAS {
        let text = r#"\"x1\":412,\"y1\":"#;
        let delta = format!(r#"{{"type":"text_delta","text":"{text}"}}"#);
        add("content_block_delta", &format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#));
    }
    add("content_block_stop", r#"{"type":"content_block_stop","index":0}"#);
    add(
        "message_delta",
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":600}}"#,
    );
    add("message_stop", r#"{"type":"message_stop"}"#);
    stream
}

fn events(criterion: &mut Criterion) {
    let stream = stream();
    let mut group = criterion.benchmark_group("sse");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    for (name, piece) in [("an answer in packets", PACKET), ("the same, byte by byte", 1)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut parser = Parser::default();
                black_box(&stream).as_bytes().chunks(piece).map(|piece| parser.push(piece).len()).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, events);
criterion_main!(benches);
