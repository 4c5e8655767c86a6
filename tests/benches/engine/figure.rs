//! A figure beside its goal.

use std::fmt;

/// What was measured, and the most that it should be.
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub goal: f64,
    /// What the value is made of.
    pub detail: String,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, goal: f64, detail: String) -> Self {
        let figure = Self { name: name.into(), value, goal, detail };
        println!("{figure}");
        figure
    }

    pub fn is_reached(&self) -> bool {
        self.value <= self.goal
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_reached() { "ok  " } else { "MISS" };
        write!(f, "{sign} {:<62} {:>8.3}  (goal {:.3})  {}", self.name, self.value, self.goal, self.detail)
    }
}
