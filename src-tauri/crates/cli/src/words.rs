//! Everything that the command line says to people.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use domain::import::SkipReason;
use domain::model::{Destination, Hindrance, Shortfall};
use domain::money::PicoDollars;
use domain::plan::{AnswerBasis, CostBasis, CostRange, ModelQuote, Quote, TimeBasis};
use domain::report::RunReport;
use domain::run::{FailureKind, PossiblyBilled, RetryKind, RunMode, RunProgress};
use domain::usage::Usage;
use engine::Imported;

use crate::arguments::Annotate;
use crate::error::CommandError;
use crate::hooks;

pub fn complain(error: &CommandError) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "fieldmark: {error}");
}

pub fn progress(progress: &RunProgress) -> String {
    if let Some(hold) = &progress.hold {
        return format!("{}: again in {}", retry(hold.kind), duration(f64::from(hold.left_millis)));
    }
    if progress.mode == RunMode::Overnight {
        let (images, finished) = progress
            .batches
            .iter()
            .fold((0, 0), |(images, finished), batch| (images + batch.images, finished + batch.finished));
        let batches = match progress.batches.len() {
            1 => "1 batch".to_owned(),
            count => format!("{count} batches"),
        };
        return format!("{batches} submitted, {finished} of {} done there", counted(images, "image"));
    }
    let rate = format!("{:.0} images a minute", progress.rate_per_minute);
    match progress.left_millis {
        Some(left) => format!("{rate}, {} left", duration(f64::from(left))),
        None => rate,
    }
}

/// What an import brought, and every file that it left out.
pub fn import(out: &mut impl Write, imported: &Imported) -> io::Result<()> {
    let progress = &imported.progress;
    writeln!(
        out,
        "{}: {} new, {} known already, {} left out",
        counted(progress.found, "file"),
        counted(progress.added, "image"),
        progress.known,
        progress.skipped
    )?;
    for file in &imported.skipped {
        writeln!(out, "  left out: {}: {}", file.path, skip_reason(&file.reason))?;
    }
    Ok(())
}

fn skip_reason(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Empty => "the file is empty".into(),
        SkipReason::NotAnImage => "not an image that Fieldmark reads (JPEG, PNG, WebP, GIF, BMP, TIFF)".into(),
        SkipReason::Damaged { detail } => format!("damaged: {detail}"),
        SkipReason::TooManyPixels { megapixels } => format!("{megapixels} megapixels are more than Fieldmark opens"),
        SkipReason::Unreadable { detail } => format!("cannot be read: {detail}"),
    }
}

pub fn quote(
    out: &mut impl Write,
    quote: &Quote,
    model: &ModelQuote,
    recipe: &str,
    arguments: &Annotate,
) -> io::Result<()> {
    writeln!(out, "{}, {recipe}, by {}", counted(quote.image_count, "image"), model.model.name)?;
    let mut asked = quote.image_count;
    if quote.similar.followers > 0 {
        let alike = counted(quote.similar.followers, "image");
        if arguments.similar {
            asked -= quote.similar.followers;
            writeln!(out, "  alike {alike} not asked about: given the marks of the one each looks like")?;
        } else {
            writeln!(out, "  alike {alike} like another: --similar would not ask about them")?;
        }
    }
    if model.answered_before > 0 && !arguments.fresh {
        asked -= model.answered_before;
        writeln!(out, "  again {} answered before, not paid for again", counted(model.answered_before, "image"))?;
    }
    let cost = match arguments.mode() {
        RunMode::Live => model.cost,
        RunMode::Overnight => model.overnight.or(model.cost),
    };
    match cost {
        Some(cost) if cost == CostRange::default() => writeln!(out, "  cost  $0")?,
        Some(cost) => writeln!(
            out,
            "  cost  about {}, from {} to {}, prices as of {}",
            money(cost.expected),
            money(cost.low),
            money(cost.high),
            quote.prices_as_of
        )?,
        None => writeln!(out, "  cost  unknown: nobody has told this model's price")?,
    }
    if let (RunMode::Overnight, Some(_)) = (arguments.mode(), model.overnight) {
        writeln!(out, "  time  within a day, in batches: the vendor says when")?;
        if let Some(live) = model.cost {
            writeln!(out, "  else  at once it would be about {}:", money(live.expected))?;
        }
    } else if let Some(time) = model.time {
        let basis = match time.basis {
            TimeBasis::EarlierRun { images } => format!("by an earlier run of {images} images"),
            TimeBasis::Trial { images } => format!("by trying {images} of them just now"),
        };
        writeln!(
            out,
            "  time  about {}: {} at once, {} an image, {basis}",
            duration(f64::from(time.total_millis)),
            time.concurrency,
            duration(f64::from(time.image_millis))
        )?;
    }
    if let Some(basis) = &model.cost_basis {
        cost_basis(out, basis)?;
    }
    match &model.model.destination {
        Destination::ThisMachine => writeln!(out, "  sends nothing: the model is in this program")?,
        Destination::Host { name, is_on_this_machine } => {
            let edge = model.cost_basis.as_ref().map_or(0, |basis| basis.longest_edge);
            let place = if *is_on_this_machine { ", a server on this machine" } else { "" };
            writeln!(
                out,
                "  sends {} as JPEG of at most {edge} pixels, and the recipe's words, to {name}{place}",
                counted(asked, "image")
            )?;
            writeln!(out, "  keeps originals, file names, EXIF and place on this machine")?;
        }
    }
    if let Some(retires) = model.model.retires {
        writeln!(out, "  note  the vendor stops answering for this model on {retires}")?;
    }
    for gap in &model.shortfalls {
        writeln!(out, "  note  {}", shortfall(gap))?;
    }
    Ok(())
}

fn cost_basis(out: &mut impl Write, basis: &CostBasis) -> io::Result<()> {
    let answers = match basis.answer_basis {
        AnswerBasis::Assumed { marks } => format!("assuming {marks} marks an image"),
        AnswerBasis::EarlierAnswers { images } => format!("as its earlier answers for {}", counted(images, "image")),
    };
    let parts = [
        ("images", basis.image_tokens, basis.image_cost, "exact".to_owned()),
        ("words", basis.text_tokens, basis.text_cost, "estimated".to_owned()),
        ("answers", basis.answer_tokens, basis.answer_cost, answers),
    ];
    for (what, tokens, cost, how) in parts {
        writeln!(out, "        {what}: {tokens} tokens, {}, {how}", money(cost))?;
    }
    let caching = basis.caching;
    if !caching.is_used {
        writeln!(
            out,
            "        nothing cached: about {} tokens of instructions, and this model keeps them from {} on",
            caching.instruction_tokens, caching.least_tokens
        )?;
    }
    Ok(())
}

pub fn hindrance(hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::LocalOnly => "everything is locked to this machine, in the settings".into(),
        Hindrance::Retired { on } => format!("the vendor stopped answering for it on {on}"),
        Hindrance::NoKey { host } => {
            format!("there is no key for {host}: set ANTHROPIC_API_KEY, or enter one in the window's settings")
        }
        Hindrance::Unusable { detail } => detail.clone(),
    }
}

pub fn shortfall(shortfall: &Shortfall) -> String {
    match shortfall {
        Shortfall::UnknownLabels { labels } => {
            format!("it does not know these and will not look for them: {}", labels.join(", "))
        }
        Shortfall::NoKnownLabel => "it knows none of the labels".into(),
        Shortfall::Attributes { names, are_required: true } => {
            format!("it cannot fill attributes, and these are required: {}", names.join(", "))
        }
        Shortfall::Attributes { names, are_required: false } => {
            format!("it leaves these attributes empty: {}", names.join(", "))
        }
        Shortfall::TooManyOptionalAttributes { count, limit } => {
            format!("{count} attributes are optional, and it can be asked for {limit} at most")
        }
        Shortfall::Shapes { .. } => "it draws boxes only".into(),
    }
}

/// Asks on standard error; no when nobody is there to answer.
pub fn confirm(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "{question} [y/N] ")?;
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

pub fn unsettled(unsettled: PossiblyBilled) -> String {
    let PossiblyBilled { count, at_most } = unsettled;
    format!(
        "{} of this run was under way when Fieldmark ended and may have been billed, {} at most. Ask again?",
        counted(count, "request"),
        limit(at_most)
    )
}

pub fn report(out: &mut impl Write, report: &RunReport) -> io::Result<()> {
    let summary = &report.summary;
    writeln!(
        out,
        "Run {} {}: {} of {} answered, {} failed, {}",
        summary.id,
        summary.state.name(),
        summary.done,
        counted(summary.total, "image"),
        summary.failed,
        counted(summary.mark_count, "mark")
    )?;
    if let Some(metrics) = &report.metrics {
        writeln!(
            out,
            "  time        {} ({:.1} images a second, {} at once)",
            duration(metrics.wall_millis),
            metrics.images_per_second,
            metrics.concurrency
        )?;
        writeln!(
            out,
            "  an image    mean {}, P50 {}, P95 {}, P99 {}",
            duration(metrics.mean_millis),
            duration(metrics.p50_millis),
            duration(metrics.p95_millis),
            duration(metrics.p99_millis)
        )?;
        // Nobody waited while batches were worked off, so that this would say nothing of them.
        if summary.mode == RunMode::Live {
            writeln!(out, "  speed-up    {:.2} (summed durations over wall time)", metrics.speedup)?;
        }
        writeln!(out, "  success     {:.1} %, {} retries", metrics.success_rate * 100.0, metrics.retries)?;
    }
    if let Some(detail) = &summary.stop_detail {
        writeln!(out, "  stopped     {detail}")?;
    }
    if summary.waiting > 0 {
        let fetching = match summary.mode {
            RunMode::Live => "",
            RunMode::Overnight => ", which fetches what its batches have come to",
        };
        writeln!(out, "  go on by    fieldmark resume {}{fetching}", summary.id)?;
    } else if summary.retryable > 0 {
        writeln!(out, "  try again   fieldmark resume {} --retry-failed", summary.id)?;
    }
    if summary.reused > 0 {
        writeln!(out, "  used again  {}, nothing paid", counted(summary.reused, "answer"))?;
    }
    if summary.carried > 0 {
        writeln!(out, "  carried     marks over to {} that look alike", counted(summary.carried, "image"))?;
    }
    paid(out, report)?;
    if !report.labels.is_empty() {
        let labels: Vec<String> = report.labels.iter().map(|label| format!("{} {}", label.count, label.name)).collect();
        writeln!(out, "  found       {}", labels.join(", "))?;
    }
    for group in &report.failures {
        writeln!(
            out,
            "  failed      {} x {}, such as {}: {}",
            group.count,
            failure(group.kind),
            group.example_image,
            group.example
        )?;
    }
    hooks::report(out, &report.hooks)
}

fn paid(out: &mut impl Write, report: &RunReport) -> io::Result<()> {
    let summary = &report.summary;
    let quoted = match summary.quoted {
        Some(quoted) if quoted.high > PicoDollars::ZERO => format!(" of {} quoted", money(quoted.expected)),
        _ => String::new(),
    };
    writeln!(out, "  paid        {}{quoted}", money(summary.paid))?;
    if summary.usage != Usage::default() {
        let usage = summary.usage;
        writeln!(out, "  tokens      {} in, {} out", usage.prompt_tokens(), usage.output_tokens)?;
    }
    if summary.possibly_billed.count > 0 {
        let PossiblyBilled { count, at_most } = summary.possibly_billed;
        writeln!(out, "  may be billed on top: {}, at most {}", counted(count, "request"), limit(at_most))?;
    }
    for group in &report.retried {
        writeln!(out, "  again       {} x {}", group.count, retry(group.kind))?;
    }
    if summary.cut_short > 0 {
        writeln!(out, "  cut short   {}: their whole marks were kept", counted(summary.cut_short, "answer"))?;
    }
    let repairs: u32 = report.repairs.iter().map(|group| group.count).sum();
    let dropped: u32 = report.dropped.iter().map(|group| group.count).sum();
    if repairs + dropped > 0 {
        writeln!(out, "  put right   {}, {} left out", counted(repairs, "mark"), dropped)?;
    }
    Ok(())
}

fn retry(kind: RetryKind) -> &'static str {
    match kind {
        RetryKind::RateLimited => "rate limit reached",
        RetryKind::Overloaded => "server overloaded",
        RetryKind::ServerFailed => "server failed",
        RetryKind::ConnectionLost => "connection lost",
        RetryKind::TimedOut => "timed out",
        RetryKind::Unreachable => "server cannot be reached",
        RetryKind::TooLarge => "picture too large",
        RetryKind::CutShort => "answer cut off",
    }
}

fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::FileMissing => "file no longer at its place",
        FailureKind::FileUnreadable => "file cannot be read, or is another picture now",
        FailureKind::ModelFailed => "model did not answer",
        FailureKind::Refused => "server would not take the picture",
        FailureKind::Declined => "model declined (the answer was paid for)",
        FailureKind::CutOff => "answer cut off before its first mark",
        FailureKind::AnswerUnreadable => "answer cannot be read (it is kept)",
    }
}

/// A number with its noun: `1 image`, `7 images`.
pub fn counted(count: u32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Dollars for people: more digits where there is less of it.
fn money(amount: PicoDollars) -> String {
    match amount.dollars() {
        0.0 => "$0".into(),
        dollars if dollars < 0.1 => format!("${dollars:.5}"),
        dollars if dollars < 10.0 => format!("${dollars:.3}"),
        dollars => format!("${dollars:.2}"),
    }
}

/// Dollars that something stays below: rounded up to the next hundredth of a cent.
fn limit(amount: PicoDollars) -> String {
    const HUNDREDTH_OF_A_CENT: u64 = 100_000_000;
    format!("${:.4}", PicoDollars(amount.0.div_ceil(HUNDREDTH_OF_A_CENT)).times(HUNDREDTH_OF_A_CENT).dollars())
}

/// Milliseconds for people: `84 ms`, `2.10 s`, `3 min 25 s`.
pub fn duration(millis: f64) -> String {
    let duration = Duration::from_secs_f64(millis.max(0.0) / 1000.0);
    match duration.as_secs() {
        0 => format!("{millis:.0} ms"),
        1..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
