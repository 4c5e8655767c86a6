//! What a run's report says of what stood out in it, and of what to change.

use std::io::{self, Write};

use domain::diagnosis::{AnswerRoom, Change, Diagnosis, Finding, LimitUnit, MetLimit};
use engine::export::Notice;

use super::figures::{counted, duration, money};
use super::kinds::{failure, retry};

pub fn diagnoses(out: &mut dyn Write, diagnoses: &[Diagnosis]) -> io::Result<()> {
    for Notice { finding, changes } in notices(diagnoses) {
        writeln!(out, "  noticed     {finding}")?;
        for change in changes {
            writeln!(out, "    change    {change}")?;
        }
    }
    Ok(())
}

/// The same for a page.
pub fn notices(diagnoses: &[Diagnosis]) -> Vec<Notice> {
    let notices = diagnoses.iter().map(|diagnosis| Notice {
        finding: finding(&diagnosis.finding),
        changes: diagnosis.changes.iter().map(change).collect(),
    });
    notices.collect()
}

fn finding(finding: &Finding) -> String {
    match finding {
        Finding::RateLimited { refusals, held_millis, share, limit } => format!(
            "limits of the server held the run back for {}, {} of its time{}; {} refused",
            duration(*held_millis),
            percent(*share),
            limit.map(|limit| format!(", at about {}", met(limit))).unwrap_or_default(),
            match refusals {
                0 => "no request was".to_owned(),
                1 => "1 request was".to_owned(),
                count => format!("{count} requests were"),
            }
        ),
        Finding::RetriesHigh { rate, by_kind } => {
            let kinds: Vec<String> =
                by_kind.iter().map(|group| format!("{} x {}", group.count, retry(group.kind))).collect();
            format!("{:.0} requests were made again for 100 images: {}", rate * 100.0, kinds.join(", "))
        }
        Finding::ServerAway { away_millis, share } => {
            format!("the server could not answer for {}, {} of the run's time", duration(*away_millis), percent(*share))
        }
        Finding::MostlyOneFailure { failure: kind, count, failed, finished } => {
            format!(
                "{failed} of {} failed, {count} of them for one reason: {}",
                counted(*finished, "image"),
                failure(*kind)
            )
        }
        Finding::AnswersCutShort { count, share, room } => {
            format!("{} cut off{} ({} of the images)", answers(*count), self::room(*room), percent(*share))
        }
        Finding::SlowedByOwnLimit { share, limit } => format!(
            "a limit of your own held the run back for {} of its time{}",
            percent(*share),
            limit.map(|limit| format!(": {}", met(limit))).unwrap_or_default()
        ),
        Finding::SlowedByPause { pause_millis, share } => format!(
            "each place rested {} after an answer, {} of its time",
            duration((*pause_millis).into()),
            percent(*share)
        ),
        Finding::SlowedByConcurrency { at_once, share, images_per_second, possible } => format!(
            "all {at_once} places that you allow at once were taken for {} of the time: {images_per_second:.1} images a second{}",
            percent(*share),
            possible.map(|possible| format!(", of {possible:.1} that the server's limit allows")).unwrap_or_default()
        ),
        Finding::SlowedByPreparing { images_per_second, possible } => format!(
            "the server waited for this machine: {images_per_second:.1} images a second got ready, {possible:.1} could have \
             been answered"
        ),
        Finding::CostByOutput { share, paid, answer_tokens, thinking_share } => format!(
            "{} of {} was for what the model wrote, {answer_tokens} tokens an answer{}",
            percent(*share),
            money(*paid),
            if *thinking_share > 0.0 {
                format!(", {} of them thinking", percent(*thinking_share))
            } else {
                String::new()
            }
        ),
        Finding::CostByImages { share, paid, image_tokens, longest_edge } => format!(
            "{} of {} was for looking at the pictures, {image_tokens} tokens each at up to {longest_edge} pixels",
            percent(*share),
            money(*paid)
        ),
    }
}

fn change(change: &Change) -> String {
    match change {
        Change::FewerAtOnce { to } => format!("--concurrency {to}: fewer at once leave the server room"),
        Change::MoreAtOnce { to: Some(to) } => format!("--concurrency {to}, or leave it out: the number is found out"),
        Change::MoreAtOnce { to: None } => "leave --concurrency out: how many the server takes is found out".into(),
        Change::LimitRequests { per_minute } => {
            format!("{per_minute} requests a minute as a limit in the settings: as fast, and nothing is refused")
        }
        Change::RaiseOwnLimit => {
            "a higher limit, by --rpm, --itpm or --otpm or in the settings, or none: the server's own is found out"
                .into()
        }
        Change::NoPause => {
            "no pause: leave --preset out, or rate_limit_delay_ms in the settings; the server's limits are found out"
                .into()
        }
        Change::LongerSilence { to_millis } => {
            format!("task_timeout_ms = {to_millis} in the settings: what is slow to come is waited for")
        }
        Change::ShorterSilence { to_millis } => {
            format!("task_timeout_ms = {to_millis} in the settings: what is lost is asked for again sooner")
        }
        Change::MoreRoom { than: Some(tokens) } => format!("--max-tokens above {tokens}, or leave it out"),
        Change::MoreRoom { than: None } => {
            "--max-tokens beyond what the model usually gets: room from the beginning".into()
        }
        Change::MoreRoutes => {
            "a higher limit at the vendor, or a further route in the settings: only that is faster".into()
        }
        Change::AskOvernight { cost } => {
            format!("--overnight, if it has a day: about {}, under limits of its own", money(*cost))
        }
        Change::CheaperModel { name, cost } => {
            format!(
                "{name}: the same tokens would have been about {}, an estimate; try it on a few images",
                money(*cost)
            )
        }
        Change::OtherModel => "another model".into(),
        Change::AskForLess => "a recipe with fewer labels or attributes, or shorter instructions".into(),
        Change::SmallerPhotos => "smaller copies of the photos".into(),
        Change::CheckPhotos => "look whether the photos are where they were, and can be opened".into(),
        Change::CheckNetwork => "look after the network: Wi-Fi, a proxy, a VPN".into(),
    }
}

/// What goes with "cut off".
fn room(room: AnswerRoom) -> String {
    match room {
        AnswerRoom::More => ", even with more room".into(),
        AnswerRoom::OwnMaximum { tokens } => format!(" at the {} that you allow", counted(tokens, "token")),
        AnswerRoom::Usual => String::new(),
    }
}

fn met(limit: MetLimit) -> String {
    match limit.unit {
        LimitUnit::RequestsPerMinute => format!("{} a minute", counted(limit.count, "request")),
        LimitUnit::TokensPerMinute => format!("{} a minute", counted(limit.count, "token")),
        LimitUnit::AtOnce => format!("{} at once", counted(limit.count, "request")),
    }
}

fn answers(count: u32) -> String {
    format!("{} {}", counted(count, "answer"), if count == 1 { "was" } else { "were" })
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use domain::money::PicoDollars;

    use super::*;

    fn said(diagnosis: Diagnosis) -> String {
        let mut said = Vec::new();
        diagnoses(&mut said, &[diagnosis]).unwrap();
        String::from_utf8(said).unwrap()
    }

    #[test]
    fn what_a_run_was_set_to_is_named_with_its_value() {
        let room = AnswerRoom::OwnMaximum { tokens: 600 };
        let cut_short = Diagnosis {
            finding: Finding::AnswersCutShort { count: 31, share: 0.15, room },
            changes: vec![Change::MoreRoom { than: Some(600) }],
        };
        assert_eq!(
            said(cut_short),
            "  noticed     31 answers were cut off at the 600 tokens that you allow (15 % of the images)\n    \
             change    --max-tokens above 600, or leave it out\n"
        );
        let paused = Diagnosis {
            finding: Finding::SlowedByPause { pause_millis: 200, share: 0.4 },
            changes: vec![Change::LongerSilence { to_millis: 40_000 }],
        };
        assert_eq!(
            said(paused),
            "  noticed     each place rested 200 ms after an answer, 40 % of its time\n    \
             change    task_timeout_ms = 40000 in the settings: what is slow to come is waited for\n"
        );
    }

    #[test]
    fn a_finding_is_a_sentence_and_each_change_a_line() {
        let limit = Some(MetLimit { unit: LimitUnit::RequestsPerMinute, count: 58 });
        let diagnosis = Diagnosis {
            finding: Finding::RateLimited { refusals: 1, held_millis: 80_000.0, share: 0.8, limit },
            changes: vec![
                Change::MoreRoutes,
                Change::AskOvernight { cost: PicoDollars(500_000_000_000) },
                Change::LimitRequests { per_minute: 58 },
            ],
        };
        assert_eq!(
            said(diagnosis),
            "  noticed     limits of the server held the run back for 1 min 20 s, 80 % of its time, at about 58 requests a \
             minute; 1 request was refused\n    \
             change    a higher limit at the vendor, or a further route in the settings: only that is faster\n    \
             change    --overnight, if it has a day: about $0.500, under limits of its own\n    \
             change    58 requests a minute as a limit in the settings: as fast, and nothing is refused\n"
        );
    }
}
