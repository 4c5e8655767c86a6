//! A page of Markdown with console fences: its commands and their output.

/// A page, split at its commands.
pub struct Page {
    parts: Vec<Part>,
}

enum Part {
    /// Everything that is not repeated, including line ends.
    Text(String),
    Transcript(Transcript),
}

/// A command and its output.
#[derive(Default)]
pub struct Transcript {
    pub command: String,
    /// The output in the page, including the exit code.
    pub expected: String,
    /// The output of the new run, in the same form.
    pub said: String,
    /// `None` for a pipe.
    pub terminal_columns: Option<u16>,
    pub is_interrupted: bool,
}

impl Page {
    pub fn read(markdown: &str) -> Self {
        let mut parts = vec![Part::Text(String::new())];
        let mut manner = None;
        for line in markdown.lines() {
            match (line.strip_prefix("```"), line.strip_prefix("$ "), &manner) {
                (Some(info), _, _) => {
                    manner = info.strip_prefix("console").map(ToOwned::to_owned);
                    parts.push(Part::Text(format!("{line}\n")));
                }
                (_, Some(command), Some(manner)) => {
                    parts.push(Part::Transcript(Transcript::of(command, manner)));
                }
                _ => {
                    if let Some(Part::Text(text) | Part::Transcript(Transcript { expected: text, .. })) =
                        parts.last_mut()
                    {
                        text.extend([line, "\n"]);
                    }
                }
            }
        }
        Self { parts }
    }

    pub fn transcripts(&mut self) -> impl Iterator<Item = &mut Transcript> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Transcript(transcript) => Some(transcript),
            Part::Text(_) => None,
        })
    }

    /// The page with the latest output.
    pub fn written(&self) -> String {
        let written = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Transcript(transcript) => format!("$ {}\n{}", transcript.command, transcript.said),
        });
        written.collect()
    }
}

impl Transcript {
    fn of(command: &str, manner: &str) -> Self {
        let words: Vec<&str> = manner.split_whitespace().collect();
        let columns = words.iter().find_map(|word| word.strip_prefix("columns=")?.parse().ok());
        Self {
            command: command.to_owned(),
            terminal_columns: words.contains(&"terminal").then(|| columns.unwrap_or(100)),
            is_interrupted: words.contains(&"interrupted"),
            ..Self::default()
        }
    }

    /// The typed answers, in the order of the questions.
    pub fn answers(&self) -> impl Iterator<Item = &str> {
        self.expected.lines().filter_map(|line| Some(line.split_once("[y/N] ")?.1))
    }

    pub fn difference(&self) -> Option<String> {
        (self.said != self.expected)
            .then(|| format!("$ {}\n--- in the page\n{}--- said\n{}", self.command, self.expected, self.said))
    }
}
