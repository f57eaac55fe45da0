use crate::Style;
use crate::printable::printable_within;
use crate::style;

/// Longest text of a cell; longer ones are cut.
const CELL_LIMIT: usize = 120;

/// Columns that do not fit are narrowed down to this width, and no further.
const NARROWEST: usize = 10;

/// Blanks between two columns.
const GAP: usize = 2;

/// Rows of cells under titles, laid out in columns.
#[derive(Debug)]
pub(crate) struct Columns<const N: usize> {
    titles: [Title; N],
    rows: Vec<[Cell; N]>,
}

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Title {
    /// Of a column of texts.
    Text(&'static str),
    /// Of a column of numbers, which are flush right.
    Number(&'static str),
}

/// One cell.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    paint: anstyle::Style,
}

impl Cell {
    /// Makes a cell of a text from anywhere.
    pub(crate) fn new(text: &str) -> Self {
        Self::painted(text, anstyle::Style::new())
    }

    /// Makes a cell that has a paint.
    pub(crate) fn painted(text: &str, paint: anstyle::Style) -> Self {
        Self {
            text: printable_within(text, CELL_LIMIT),
            paint,
        }
    }
}

impl Title {
    fn text(self) -> &'static str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

impl<const N: usize> Columns<N> {
    /// Starts without rows.
    pub(crate) fn new(titles: [Title; N]) -> Self {
        Self {
            titles,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [Cell; N]) {
        self.rows.push(row);
    }

    /// Appends titles and rows to a text.
    pub(crate) fn render(&self, text: &mut String, style: Style) {
        let widths = self.widths(style.width);
        let titles = self
            .titles
            .map(|title| Cell::painted(title.text(), style::title()));
        for row in std::iter::once(&titles).chain(&self.rows) {
            self.render_row(text, row, &widths, style);
        }
    }

    fn widths(&self, available: Option<u16>) -> [usize; N] {
        let mut widths = self.titles.map(|title| title.text().len());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.text.len().max(*width);
            }
        }
        let Some(available) = available else {
            return widths;
        };
        let available = usize::from(available).saturating_sub(GAP * N.saturating_sub(1));
        while widths.iter().sum::<usize>() > available {
            match widths.iter_mut().max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }

    /// Appends one row, on as many lines as its longest cell needs.
    fn render_row(&self, text: &mut String, row: &[Cell; N], widths: &[usize; N], style: Style) {
        let mut rests = row.each_ref().map(|cell| cell.text.as_str());
        loop {
            let mut blanks = 0;
            for (place, rest) in rests.iter_mut().enumerate() {
                let (Some(&width), Some(cell), Some(title)) =
                    (widths.get(place), row.get(place), self.titles.get(place))
                else {
                    continue;
                };
                // Cells are ASCII, so every index is a border of a character.
                let (part, remainder) = rest.split_at(rest.len().min(width));
                *rest = remainder;
                let padding = width - part.len();
                if matches!(title, Title::Number(_)) {
                    blanks += padding;
                }
                if !part.is_empty() {
                    text.extend(std::iter::repeat_n(' ', blanks));
                    style.paint(text, cell.paint, part);
                    blanks = 0;
                }
                blanks += GAP;
                if part.is_empty() || matches!(title, Title::Text(_)) {
                    blanks += padding;
                }
            }
            text.push('\n');
            if rests.iter().all(|rest| rest.is_empty()) {
                break;
            }
        }
    }
}
