//! A folder as one Markdown text, and back: a title, the description, and each file as a code block under its path.

use super::{File, MAIN, Skill};

/// The text in which a skill travels and stands in the library. Every file is a code block, byte for byte.
pub fn pack(skill: &Skill) -> String {
    let mut text = format!("# {}\n\n{}\n", skill.name, skill.description);
    for file in &skill.files {
        let fence = fence_of(&file.text);
        let language = file.path.rsplit_once('.').map_or("", |(_, extension)| extension);
        text.push_str(&format!("\n## {}\n\n{fence}{language}\n{}{fence}\n", file.path, file.text));
    }
    text
}

/// The files of a packed skill; none for every other text. They are not checked.
pub fn unpack(text: &str) -> Option<Vec<File>> {
    let mut lines = text.strip_prefix("# ")?.lines().skip(1).peekable();
    let begins = format!("## {MAIN}");
    // the title, a blank line, the description, a blank line
    lines.next().filter(|line| line.is_empty())?;
    lines.next().filter(|line| !line.is_empty())?;
    lines.next().filter(|line| line.is_empty())?;
    lines.peek().filter(|line| **line == begins)?;
    let mut files = Vec::new();
    while let Some(line) = lines.next() {
        let path = line.strip_prefix("## ")?.to_owned();
        lines.next().filter(|line| line.is_empty())?;
        let open = lines.next()?;
        let ticks = open.bytes().take_while(|b| *b == b'`').count();
        let fence = &open[..ticks];
        if ticks < 3 {
            return None;
        }
        let mut body = String::new();
        loop {
            match lines.next()? {
                line if line == fence => break,
                line => {
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
        files.push(File { path, text: body });
        match lines.next() {
            None => break,
            Some("") => {}
            Some(_) => return None,
        }
    }
    Some(files)
}

/// A fence that no line of the text can close.
fn fence_of(text: &str) -> String {
    let longest = text.lines().map(|line| longest_run(line.trim_start())).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn longest_run(line: &str) -> usize {
    line.bytes().take_while(|b| *b == b'`').count()
}
