//! Views: from the report to what people and machines read. Pure functions.

pub mod baseline;
mod changes;
pub mod clean;
pub mod diff;
pub mod findings;
pub mod json;
pub mod text;
pub mod yaml;

/// How a view may look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Look {
    /// Puts a text into a style, where colours may be used.
    pub fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// What is added.
pub const ADDED: anstyle::Style = anstyle::AnsiColor::Green.on_default();
/// What is removed.
pub const REMOVED: anstyle::Style = anstyle::AnsiColor::Red.on_default();
/// What gets another value.
pub const REPLACED: anstyle::Style = anstyle::AnsiColor::Yellow.on_default();
/// What stands out.
pub const STRONG: anstyle::Style = anstyle::Style::new().bold();
/// What stands back.
pub const FAINT: anstyle::Style = anstyle::Style::new().dimmed();
