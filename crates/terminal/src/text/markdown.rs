//! Markdown as rows of a terminal: CommonMark with tables, tasks and strikethrough; HTML stays text.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::inline::{self, Reader};
use super::table::Table;
use super::wrap::wrap;
use super::{Mark, Piece, Row, clean, width};

/// Quotes and lists within each other; deeper ones are drawn as if they were this deep.
const DEPTH_MAX: usize = 8;
/// Columns that are left for text however deep it lies.
const COLUMNS_MIN: usize = 8;

/// Draws a message in so many columns; `text` is as it came over the wire. `lead` stands before its first words, or
/// in a row of its own where it begins with something else.
pub fn rows(text: &str, lead: Vec<Piece>, columns: usize, reader: &Reader) -> Vec<Row> {
    let text = clean::lines(text);
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut page = Page {
        columns,
        reader,
        rows: Vec::new(),
        pieces: lead,
        is_begun: false,
        blocks: 0,
        marks: vec![Mark::default()],
        margins: Vec::new(),
        lists: Vec::new(),
        links: Vec::new(),
        table: None,
        code: false,
    };
    for event in TextMergeStream::new(Parser::new_ext(&text, options)) {
        page.take(event);
    }
    page.flush();
    if page.rows.is_empty() {
        page.rows.push(Vec::new());
    }
    page.rows
}

struct Page<'a> {
    columns: usize,
    reader: &'a Reader,
    rows: Vec<Row>,
    /// Of the paragraph or cell that is being read.
    pieces: Vec<Piece>,
    /// Something came after the lead.
    is_begun: bool,
    /// Blocks so far: between two of them is an empty row.
    blocks: usize,
    marks: Vec<Mark>,
    /// What stands before each row: once, and from then on.
    margins: Vec<(Option<Piece>, Piece)>,
    /// The next number of each list; none for bullets.
    lists: Vec<Option<u64>>,
    links: Vec<String>,
    table: Option<Table>,
    code: bool,
}

impl Page<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => self.pieces.push(Piece::of(
                text.into_string(),
                Mark {
                    code: true,
                    ..self.mark()
                },
            )),
            Event::Text(text) => {
                let found = inline::pieces(&text, self.mark(), self.reader);
                self.pieces.extend(found);
            }
            Event::Code(text) => self.pieces.push(Piece::of(
                text.into_string(),
                Mark {
                    code: true,
                    ..self.mark()
                },
            )),
            Event::Html(text) | Event::InlineHtml(text) => {
                let found = inline::pieces(&text, self.mark(), self.reader);
                self.pieces.extend(found);
            }
            // In a chat a line is a line.
            Event::SoftBreak | Event::HardBreak => self.pieces.push(Piece::plain("\n")),
            Event::Rule => {
                self.flush();
                let columns = self.room().min(20);
                self.pieces.push(Piece::dim("─".repeat(columns)));
                self.flush();
            }
            Event::TaskListMarker(done) => {
                let sign = if done { "[x] " } else { "[ ] " };
                self.pieces.push(Piece::dim(sign));
            }
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.pieces.push(Piece::of(text.into_string(), self.mark()));
            }
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        let mark = self.mark();
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if is_first && !matches!(tag, Tag::Paragraph | Tag::HtmlBlock) {
            self.flush();
        }
        match tag {
            Tag::Paragraph | Tag::HtmlBlock if is_first => self.blocks += 1,
            Tag::Paragraph | Tag::HtmlBlock => self.separate(),
            Tag::Heading { level, .. } => {
                self.separate();
                let strong = level <= HeadingLevel::H3;
                self.marks.push(Mark {
                    bold: true,
                    italic: !strong,
                    ..mark
                });
            }
            Tag::BlockQuote(_) => {
                self.separate();
                self.margins.push((None, Piece::dim("│ ")));
                self.blocks = 0;
            }
            Tag::CodeBlock(kind) => self.begin_code(kind),
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.separate();
                }
                self.lists.push(first);
            }
            Tag::Item => self.begin_item(),
            Tag::Emphasis => self.marks.push(Mark { italic: true, ..mark }),
            Tag::Strong => self.marks.push(Mark { bold: true, ..mark }),
            Tag::Strikethrough => self.marks.push(Mark { strike: true, ..mark }),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.marks.push(Mark { link: true, ..mark });
                self.links.push(dest_url.into_string());
            }
            Tag::Table(_) => {
                self.separate();
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::TableCell => self.pieces.clear(),
            _ => {}
        }
    }

    fn begin_code(&mut self, kind: CodeBlockKind<'_>) {
        self.separate();
        if let CodeBlockKind::Fenced(language) = kind
            && !language.is_empty()
        {
            self.pieces.push(Piece::dim(language.into_string()));
            self.flush();
        }
        self.margins.push((None, Piece::dim("▏ ")));
        self.code = true;
    }

    fn begin_item(&mut self) {
        self.flush();
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            Some(None) | None => "• ".to_owned(),
        };
        let indent = " ".repeat(width(&sign));
        self.margins.push((Some(Piece::dim(sign)), Piece::plain(indent)));
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.marks.pop();
            }
            TagEnd::BlockQuote(_) | TagEnd::Item => {
                self.flush();
                self.margins.pop();
            }
            TagEnd::CodeBlock => {
                if let Some(last) = self.pieces.last_mut()
                    && last.text.ends_with('\n')
                {
                    last.text.pop();
                }
                self.flush();
                self.code = false;
                self.margins.pop();
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.marks.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.pieces);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let drawn = table.draw(self.room());
                    self.place(drawn);
                }
            }
            _ => {}
        }
    }

    /// Where a link leads is always shown: its text may say something else.
    fn end_link(&mut self) {
        self.marks.pop();
        let Some(target) = self.links.pop() else { return };
        let target = clean::line(&target);
        let said: String = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let bare = target.trim_start_matches("mailto:");
        if !said.ends_with(bare) {
            self.pieces.push(Piece::dim(format!(" ({target})")));
        }
    }

    fn mark(&self) -> Mark {
        self.marks.last().copied().unwrap_or_default()
    }

    /// Columns that are left beside the margins.
    fn room(&self) -> usize {
        let margins = self.margins.iter().take(DEPTH_MAX);
        let used: usize = margins.map(|(_, after)| width(&after.text)).sum();
        self.columns.saturating_sub(used).max(COLUMNS_MIN)
    }

    /// An empty row between blocks, not between the points of a list.
    fn separate(&mut self) {
        self.flush();
        if self.blocks > 0 && self.lists.is_empty() {
            let bars = self.margins.iter().map(|(_, after)| after.clone()).collect();
            self.rows.push(bars);
        }
        self.blocks += 1;
    }

    fn flush(&mut self) {
        if self.pieces.is_empty() {
            return;
        }
        let pieces = std::mem::take(&mut self.pieces);
        let drawn = wrap(&pieces, self.room());
        self.place(drawn);
    }

    fn place(&mut self, drawn: Vec<Row>) {
        for row in drawn {
            let mut placed: Row = Vec::new();
            for (first, after) in self.margins.iter_mut().take(DEPTH_MAX) {
                placed.push(first.take().unwrap_or_else(|| after.clone()));
            }
            placed.extend(row);
            self.rows.push(placed);
        }
    }
}

/// The first row of a message as one line, for lists.
pub fn summary(text: &str, columns: usize, reader: &Reader) -> String {
    let shown = rows(text, Vec::new(), 400, reader);
    let line: Vec<String> = shown.iter().map(|row| super::plain(row).trim().to_owned()).collect();
    super::fit(line.join(" ").trim(), columns)
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
