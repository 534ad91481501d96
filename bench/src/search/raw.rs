//! The yardstick: tantivy's own BM25 over the same texts, as a program without a librarian would use it.

use tantivy::{
    IndexReader, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{
        AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter,
        TextAnalyzer,
    },
};

/// The weight of the title's own field in [`Fields::Mixed`].
const TITLE_WEIGHT: f32 = 0.2;
/// Memory of the writer: enough for one segment.
const WRITER_BYTES: usize = 400_000_000;

/// Which fields are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    /// One, with the title three times before the text.
    One,
    /// That, and the title's own at 0.2.
    Mixed,
}

/// An index of pages, numbered as they came.
pub(crate) struct Raw {
    reader: IndexReader,
    number: Field,
    all: Field,
    title: Field,
    analyzer: TextAnalyzer,
}

impl Raw {
    /// Indexes pages: their numbers, titles and texts.
    pub(crate) fn of<'a>(pages: impl IntoIterator<Item = (usize, &'a str, &'a str)>) -> Self {
        let mut schema = Schema::builder();
        let number = schema.add_u64_field("number", STORED | FAST);
        let indexing =
            TextFieldIndexing::default().set_tokenizer("english").set_index_option(IndexRecordOption::WithFreqs);
        let text = TextOptions::default().set_indexing_options(indexing);
        let (all, title) = (schema.add_text_field("all", text.clone()), schema.add_text_field("title", text));
        let index = tantivy::Index::create_in_ram(schema.build());
        index.tokenizers().register("english", analyzer());
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
        for (at, name, body) in pages {
            let mut document = TantivyDocument::default();
            document.add_u64(number, at as u64);
            document.add_text(all, format!("{name} {name} {name} {body}"));
            document.add_text(title, name);
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
        Self { reader: index.reader().unwrap(), number, all, title, analyzer: analyzer() }
    }

    /// The numbers of the best pages.
    pub(crate) fn search(&mut self, question: &str, fields: Fields, limit: usize) -> Vec<usize> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut stream = self.analyzer.token_stream(question);
        while let Some(token) = stream.next() {
            let of = |field| TermQuery::new(Term::from_field_text(field, &token.text), IndexRecordOption::WithFreqs);
            clauses.push((Occur::Should, Box::new(of(self.all))));
            if fields == Fields::Mixed {
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(of(self.title)), TITLE_WEIGHT))));
            }
        }
        let searcher = self.reader.searcher();
        let top = searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(limit).order_by_score()).unwrap();
        let number = |address| {
            use tantivy::schema::Value as _;
            let document: TantivyDocument = searcher.doc(address).unwrap();
            document.get_first(self.number).and_then(|value| value.as_u64()).unwrap() as usize
        };
        top.into_iter().map(|(_, address)| number(address)).collect()
    }
}

/// Letters and digits in lower case without accents; English stop words left out, English stems.
fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(40))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(StopWordFilter::new(Language::English).unwrap())
        .filter(Stemmer::new(Language::English))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_counts_beside_the_text() {
        let pages = [(7, "Pumps", "They are oiled in May."), (3, "May", "The pump is oiled, and the valve.")];
        let mut raw = Raw::of(pages);
        assert_eq!(raw.search("oiling a pump", Fields::Mixed, 10), [7, 3]);
        assert_eq!(raw.search("valves", Fields::One, 10), [3]);
        assert!(raw.search("the of and", Fields::One, 10).is_empty());
    }
}
