//! Server-sent events from chunks of bytes. Incremental and pure.
//!
//! Reconnecting, `id` and `retry` are not implemented, because the vendors do not use them. Source: the WHATWG HTML
//! standard, section 9.2.

/// One event. Comments and events without data are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// The `event` field; empty if absent.
    pub name: String,
    /// The `data` fields, joined by line feeds.
    pub data: String,
}

/// The incomplete rest of a stream.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// After a carriage return, a line feed belongs to the same line end.
    skips_line_feed: bool,
    is_past_first_line: bool,
}

impl Parser {
    /// Takes the next bytes and returns the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            let skips = std::mem::take(&mut self.skips_line_feed);
            match byte {
                b'\n' if skips => {}
                b'\n' => events.extend(self.end_line()),
                b'\r' => {
                    self.skips_line_feed = true;
                    events.extend(self.end_line());
                }
                _ => self.line.push(byte),
            }
        }
        events
    }

    /// An incomplete event at the end of the stream. The standard discards it; servers that omit the last empty line
    /// have sent all of it.
    #[must_use]
    pub fn finish(mut self) -> Option<Event> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.has_data.then_some(self.event)
    }

    /// Bytes of an incomplete event.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.line.len() + self.event.data.len()
    }

    fn end_line(&mut self) -> Option<Event> {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let line = if std::mem::replace(&mut self.is_past_first_line, true) {
            &line
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    const STREAM: &str = "\u{feff}event: a\ndata: {\"x\":\"é 😀\"}\n\n: comment\n\nevent: b\r\ndata:1\r\ndata: 2\r\n\r\n\
                          data\rid: 7\r\rdata: never ended\n";

    fn expected() -> Vec<Event> {
        vec![event("a", "{\"x\":\"é 😀\"}"), event("b", "1\n2"), event("", "")]
    }

    #[test]
    fn every_way_of_cutting_gives_the_same_events() {
        let bytes = STREAM.as_bytes();
        for size in 1..=bytes.len() {
            let mut parser = Parser::default();
            let events: Vec<Event> = bytes.chunks(size).flat_map(|chunk| parser.push(chunk)).collect();
            assert_eq!(events, expected(), "in chunks of {size}");
            assert_eq!(parser.pending_bytes(), "never ended".len());
            assert_eq!(parser.finish(), Some(event("", "never ended")));
        }
    }

    #[test]
    fn bytes_that_are_not_text_do_not_stop_it() {
        let mut parser = Parser::default();
        assert_eq!(parser.push(b"data: \xff\n\n"), [event("", "\u{fffd}")]);
        assert_eq!(parser.push(b"\n\n\ndata: x\nda"), []);
        assert_eq!(parser.finish(), Some(event("", "x")));
    }
}
