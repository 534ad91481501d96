//! What a librarian costs from its start until it answers, with the saved index and without, beside reading its stream once; what it holds of the
//! machine's memory; and the first question for links.

use std::time::Duration;

use commune_bus::StreamName;

use crate::{house::House, speed::corpus};

/// Starts with the saved index, of which each is shown.
const STARTS: usize = 3;
const QUESTION: &str = "how is the flow around a wing measured";

/// Prints the table for a library of so many pages.
pub(crate) async fn print(size: usize) {
    let docs = corpus(size);
    let bytes: usize = docs.iter().map(|doc| doc.title.len() + doc.body.len()).sum();
    println!("## Start and memory: {size} pages, {:.1} MB\n\n| | |\n|---|---|", bytes as f64 / 1e6);
    let mut house = House::of(&docs.iter().enumerate().collect::<Vec<_>>()).await;
    drop(docs);
    println!("| the saved index | {:.0} MB |", house.saved().await as f64 / 1e6);
    println!("| memory, pages just read | {} |", house.memory());
    let bare = house.bare().await;
    let (count, took) = bare.reads(StreamName::Library).await;
    println!(
        "| reading the stream once, nothing done with it | {:.2} s, {:.0}/s |",
        took.as_secs_f64(),
        rate(count, took)
    );
    for _ in 0..STARTS {
        let took = house.restarted(QUESTION, true).await;
        println!("| from its start to the first answer, with the saved index | {:.2} s |", took.as_secs_f64());
        println!("| memory then | {} |", house.memory());
    }
    let (first, second) = (house.links(size / 2).await, house.links(size / 3).await);
    println!("| first ListLinks after a start; second | {:.3} s; {:.4} s |", first.as_secs_f64(), second.as_secs_f64());
    println!("| memory then | {} |", house.memory());
    let (count, bare) = bare.reads(StreamName::Library).await;
    let took = house.restarted(QUESTION, false).await;
    println!("| reading the stream once | {:.2} s |", bare.as_secs_f64());
    println!(
        "| from its start to the first answer, without | {:.2} s, {:.0}/s, {:.2} of the bare read's rate |",
        took.as_secs_f64(),
        rate(count, took),
        bare.as_secs_f64() / took.as_secs_f64()
    );
    println!("| memory then | {} |\n", house.memory());
    house.close().await;
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
