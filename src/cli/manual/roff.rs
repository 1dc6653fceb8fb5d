//! The man macros (man(7)), as far as our pages need them.

use clap::Arg;

use crate::cli::help;

/// A page while it is written.
pub struct Page(String);

impl Page {
    /// With its title.
    pub fn new(name: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self(format!(
            ".TH \"{}\" 1 \"\" \"voms\\-proxy {version}\" \"User Commands\"\n",
            escaped(&name.to_uppercase())
        ))
    }

    pub fn finished(self) -> String {
        self.0
    }

    /// The section that `whatis` and `apropos` read.
    pub fn name(&mut self, name: &str, about: &str) {
        self.section("NAME");
        let first = about
            .split(". ")
            .next()
            .unwrap_or(about)
            .trim_end_matches('.');
        let first = uncapitalised(first);
        self.line(&format!("{} \\- {}", escaped(name), escaped(&first)));
    }

    pub fn section(&mut self, title: &str) {
        self.line(&format!(".SH \"{}\"", escaped(title)));
    }

    pub fn subsection(&mut self, title: &str) {
        self.line(&format!(".SS \"{}\"", escaped(title)));
    }

    pub fn paragraph(&mut self, text: &str) {
        self.line(".PP");
        self.text(text);
    }

    /// A way to call the command, whose name is in bold.
    pub fn synopsis(&mut self, usage: &str) {
        let (name, rest) = usage.split_once(' ').unwrap_or((usage, ""));
        self.line(".PP");
        self.line(&format!("\\fB{}\\fR {}", escaped(name), escaped(rest)));
    }

    /// A term and what it means.
    pub fn item(&mut self, term: &str, meaning: &str) {
        self.line(".TP");
        self.line(&format!("\\fB{}\\fR", escaped(term)));
        self.text(meaning);
    }

    /// An option or word of the command line.
    pub fn option(&mut self, arg: &Arg) {
        self.line(".TP");
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        let names = [short, long].into_iter().flatten();
        let names: Vec<String> = names
            .map(|name| format!("\\fB{}\\fR", escaped(&name)))
            .collect();
        let value = (arg.is_positional() || help::takes_value(arg))
            .then(|| format!("\\fI{}\\fR", escaped(&help::placeholder(arg))));
        let spelled = [Some(names.join(", ")), value].into_iter().flatten();
        let spelled: Vec<String> = spelled.filter(|part| !part.is_empty()).collect();
        self.line(&spelled.join(" "));
        self.text(&help::meaning(arg));
    }

    /// Lines of two columns, apart from each other by two blanks, and plain ones.
    pub fn table(&mut self, lines: &[String]) {
        for line in lines
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
        {
            match line.split_once("  ") {
                Some((term, meaning)) => self.item(term, meaning.trim()),
                None => self.paragraph(line),
            }
        }
    }

    /// Lines as they are.
    pub fn literal(&mut self, lines: &[String]) {
        self.line(".nf");
        for line in lines
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
        {
            self.text(line);
        }
        self.line(".fi");
    }

    /// References to other pages, with their sections.
    pub fn see_also(&mut self, pages: &[(&str, u8)]) {
        self.section("SEE ALSO");
        for (at, (name, section)) in pages.iter().enumerate() {
            let comma = if at + 1 < pages.len() { "," } else { "" };
            self.line(&format!(".BR {} ({section}){comma}", escaped(name)));
        }
    }

    fn text(&mut self, text: &str) {
        let text = escaped(text);
        // A line that begins with a dot or a quote would be a request.
        let guard = if text.starts_with(['.', '\'']) {
            "\\&"
        } else {
            ""
        };
        self.line(&format!("{guard}{text}"));
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

/// Text in which nothing is a request, and hyphens can be copied into a shell.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('"', "\\(dq")
        .replace('~', "\\(ti")
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    let is_word = letters.clone().next().is_some_and(char::is_lowercase);
    match first.filter(|_| is_word) {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_a_request() {
        let mut page = Page::new("x");
        page.paragraph(".so /etc/passwd");
        page.paragraph("'br a\\b");
        assert!(page.0.contains("\n\\&.so /etc/passwd\n"));
        assert!(page.0.contains("\n\\&'br a\\eb\n"));
    }
}
