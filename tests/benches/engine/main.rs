//! What the run engine is worth, measured: each figure beside what it is measured against, in the same run, on this
//! machine. Wall times are told by the simulator's own clock; processor time and memory are those of the command line as
//! people run it. `make bench` runs it all, `make bench ONLY="classic limits"` a part.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark: a step that cannot be taken ends it")]

mod figure;
mod kills;
mod limits;
mod measured;
mod memory;
mod optimum;
mod photos;
mod throughput;

use figure::Figure;

#[tokio::main]
async fn main() {
    // Cargo adds flags of its own.
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    let mut figures: Vec<Figure> = Vec::new();
    if is_asked("classic") {
        figures.extend(throughput::classic().await);
    }
    if is_asked("throughput") {
        figures.extend(throughput::against_the_sdk().await);
    }
    if is_asked("limits") {
        figures.extend(limits::hidden_limits().await);
    }
    if is_asked("memory") {
        figures.extend(memory::of_many_large_photos().await);
    }
    if is_asked("kills") {
        figures.extend(kills::at_random_moments().await);
    }
    println!();
    for figure in &figures {
        println!("{figure}");
    }
    let missed = figures.iter().filter(|figure| !figure.is_reached()).count();
    println!("{} of {} goals reached", figures.len() - missed, figures.len());
}
