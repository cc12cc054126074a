use super::*;
use crate::model::Kind;

fn line(seq: u64) -> String {
    format!("{{\"seq\":{seq},\"at\":1,\"event\":\"stopping\"}}\n")
}

fn read(text: &[u8]) -> (Vec<u64>, Report) {
    let mut reader = Reader::new(text);
    let seqs = reader.by_ref().map(|event| event.unwrap().seq).collect();
    (seqs, reader.report().clone())
}

#[test]
fn a_whole_file_needs_no_notes() {
    let (seqs, report) = read((line(7) + &line(8)).as_bytes());
    assert_eq!(seqs, [7, 8]);
    assert_eq!(
        report,
        Report {
            events: 2,
            ..Report::default()
        }
    );
    assert!(report.notes().is_empty());
}

#[test]
fn a_torn_last_line_is_dropped_and_said() {
    let text = line(0) + line(1).split_at(20).0;
    let (seqs, report) = read(text.as_bytes());
    assert_eq!(
        (seqs.as_slice(), report.torn, report.damaged),
        (&[0][..], true, 0)
    );
    assert!(report.notes()[0].contains("cut in the middle"));
}

#[test]
fn a_last_line_that_only_lacks_its_end_is_an_event() {
    let (seqs, report) = read(line(0).trim_end().as_bytes());
    assert_eq!((seqs.len(), report.torn), (1, false));
}

#[test]
fn kinds_of_the_future_are_counted_and_leave_no_gap() {
    let future = "{\"seq\":1,\"at\":1,\"event\":\"of_next_year\",\"x\":[1]}\n";
    let (seqs, report) = read((line(0) + future + &line(2)).as_bytes());
    assert_eq!(seqs, [0, 2]);
    assert_eq!((report.unknown, report.gaps, report.damaged), (1, 0, 0));
}

#[test]
fn gaps_are_counted_and_a_new_run_is_none() {
    let (_, report) = read((line(0) + &line(3) + &line(4) + &line(9) + &line(0)).as_bytes());
    assert_eq!((report.gaps, report.missing), (2, 6));
}

#[test]
fn damage_in_the_middle_costs_only_its_own_lines() {
    let long = vec![b'x'; usize::try_from(2 * MAX_LINE).unwrap() + 5];
    let text = [
        line(0).as_bytes(),
        b"\xff\xfe\n\nnull\n",
        &long,
        b"\n",
        line(1).as_bytes(),
    ]
    .concat();
    let (seqs, report) = read(&text);
    assert_eq!(
        (seqs.as_slice(), report.damaged, report.torn),
        (&[0, 1][..], 3, false)
    );
}

#[test]
fn a_missing_file_is_an_error() {
    assert!(Reader::open(Path::new("no/such.jsonl")).is_err());
}

#[test]
fn an_event_comes_back_with_its_kind() {
    let text = line(0);
    let event = Reader::new(text.as_bytes()).next().unwrap().unwrap();
    assert_eq!(event.kind, Kind::Stopping);
}

#[test]
fn a_reader_goes_on_where_another_one_was() {
    let text = line(0) + "damage\n" + &line(1) + &line(2);
    let mut first = Reader::new(text.as_bytes());
    first.nth(1).unwrap().unwrap();
    let rest = Reader::at(text.as_bytes(), first.offset()).unwrap();
    let seqs: Vec<_> = rest.map(|event| event.unwrap().seq).collect();
    assert_eq!(seqs, [2]);
}

#[test]
fn a_compressed_file_that_is_cut_gives_what_it_has() {
    let text: String = (0..20_000).map(line).collect();
    let pressed = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (cut, whole) in [(pressed.len(), true), (pressed.len() / 2, false)] {
        let mut reader = Reader::new(lines(Cursor::new(pressed[..cut].to_vec())).unwrap());
        let read = reader.by_ref().map(Result::unwrap).count();
        assert_eq!(
            (read == 20_000, reader.report().torn),
            (whole, !whole),
            "{read}"
        );
    }
}

#[test]
fn the_time_of_the_last_whole_event_is_found_also_where_a_line_or_a_compressed_file_was_cut() {
    let at = |seq: u64| format!("{{\"seq\":{seq},\"at\":{seq}0,\"event\":\"stopping\"}}\n");
    let text = at(1) + &at(2) + &at(3);
    let found = |bytes: &[u8]| last_at(bytes);
    assert_eq!(found(text.as_bytes()), Some(Wall(30)));
    assert_eq!(found(&text.as_bytes()[..text.len() - 9]), Some(Wall(20)));
    assert_eq!(found(&text.as_bytes()[..text.len() - 1]), Some(Wall(30)));
    assert_eq!(found(b"hello\n"), None);
    assert_eq!(found(b""), None);

    let many: String = (1..200_000).map(at).collect();
    let pressed = zstd::encode_all(many.as_bytes(), 3).unwrap();
    let of = |bytes: &[u8]| last_at(lines(io::Cursor::new(bytes.to_vec())).unwrap());
    assert_eq!(of(&pressed), Some(Wall(1_999_990)));
    let cut = of(&pressed[..pressed.len() / 2]).unwrap();
    assert!(cut > Wall(10) && cut < Wall(1_999_990), "{cut:?}");
}
