//! News of a group on the page of its grant. News is never due and needs no action.

use jiff::civil::Date;

use super::channel_name;
use super::papers::Papers;
use crate::projections::FileRow;
use crate::views::{GrantView, Reader};

/// News as the office reads it.
pub(super) struct NewsView {
    pub sent_on: Date,
    /// How it came: online, by phone.
    pub channel: &'static str,
    /// Absent if it was erased, or the reader may not see it.
    pub words: Option<String>,
    pub pictured: Option<String>,
    pub photographs: Papers,
}

/// The news of a grant, the newest first.
pub(super) fn news_views(
    reader: &Reader,
    seen: &GrantView,
    files: &[FileRow],
    today: Date,
) -> Vec<NewsView> {
    let news = seen.row.news.iter().rev();
    news.map(|(number, row)| {
        let own = files
            .iter()
            .filter(|file| row.photographs.contains(&file.file));
        let own: Vec<FileRow> = own.cloned().collect();
        let written = seen.news_words.get(number).cloned();
        let (words, pictured) = written.map_or((None, None), |news| (news.words, news.pictured));
        NewsView {
            sent_on: row.sent_on,
            channel: channel_name(&row.channel),
            words,
            pictured,
            photographs: Papers::of(reader, seen.row.group.0, &own, today),
        }
    })
    .collect()
}
