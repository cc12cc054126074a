//! Whole frames, as text and as maps of roles.

use super::{Desk, scene};
use crate::{
    model::Kind,
    tui::theme::{Palette, Role, Theme},
};
use insta::assert_snapshot;
use ratatui::style::Modifier;

frames! {
    calm_at_80_by_24: scene::calm(), "", 80, 24;
    calm_at_120_by_40: scene::calm(), "", 120, 40;
    calm_at_58_by_14: scene::calm(), "", 58, 14;
    incident_at_58_by_14: scene::incident(), "", 58, 14;
    incident_at_80_by_24: scene::incident(), "", 80, 24;
    incident_at_120_by_40: scene::incident(), "", 120, 40;
    incident_at_200_by_60: scene::incident(), "", 200, 60;
    last_tier_at_58_by_14: scene::last_tier(), "", 58, 14;
    last_tier_at_80_by_24: scene::last_tier(), "", 80, 24;
    last_tier_at_120_by_40: scene::last_tier(), "", 120, 40;
    no_tier_at_80_by_24: scene::no_tier(), "", 80, 24;
    no_tier_at_120_by_40: scene::no_tier(), "", 120, 40;
    the_wall_of_a_last_tier: scene::last_tier(), "W", 120, 40;
    forced_at_58_by_14: scene::forced(), "", 58, 14;
    forced_at_80_by_24: scene::forced(), "", 80, 24;
    forced_at_120_by_40: scene::forced(), "", 120, 40;
    forced_at_200_by_60: scene::forced(), "", 200, 60;
    disabled_at_80_by_24: scene::disabled(), "", 80, 24;
    disabled_at_120_by_40: scene::disabled(), "", 120, 40;
    nothing_at_80_by_24: scene::empty(), "", 80, 24;
    a_question_about_a_force: scene::incident(), "jjo", 80, 24;
    a_question_about_closing: scene::incident(), "c", 80, 24;
    a_question_about_observing: scene::calm(), "w", 80, 24;
    a_question_about_the_last_tier: scene::last_tier(), "jjoopenai", 80, 24;
    a_question_about_a_fault_on_real_traffic: scene::calm(), "f\n", 80, 24;
    a_question_about_a_simulated_fault: scene::simulated(), "f\n", 80, 24;
    a_question_about_rung_3: scene::calm(), "3\n", 80, 24;
    a_question_about_somebody_elses_force: scene::forced(), "r", 80, 24;
    a_question_in_a_tiny_window: scene::incident(), "jjo", 40, 6;
    the_fault_menu: scene::calm(), "fjjl", 80, 24;
    the_rung_3_menu: scene::calm(), "3", 80, 24;
    the_help: scene::calm(), "?", 120, 50;
    the_help_searched: scene::calm(), "?fault", 80, 24;
    the_palette: scene::calm(), ":fault add anthropic/claude-sonnet-4-5 ", 80, 24;
    the_palette_with_an_error: scene::calm(), ":force x opne\n", 80, 24;
    the_detail: scene::incident(), "\n", 120, 40;
    the_detail_at_80_by_24: scene::incident(), "\n", 80, 24;
    blind_at_58_by_14: scene::blind(), "", 58, 14;
    blind_at_80_by_24: scene::blind(), "", 80, 24;
    blind_at_120_by_40: scene::blind(), "", 120, 40;
    blind_at_40_by_6: scene::blind(), "", 40, 6;
    dismissed_at_80_by_24: scene::dismissed(), "", 80, 24;
    drift_at_80_by_24: scene::drift(), "", 80, 24;
    drift_at_120_by_40: scene::drift(), "", 120, 40;
    suspicion_at_80_by_24: scene::suspicion(), "", 80, 24;
    suspicion_in_detail: scene::suspicion(), "\n", 120, 40;
    looks_at_80_by_24: scene::looks(), "", 80, 24;
    looks_in_detail: scene::looks(), "\n", 120, 40;
    alarm_at_58_by_14: scene::alarm(), "", 58, 14;
    alarm_at_80_by_24: scene::alarm(), "", 80, 24;
    alarm_at_120_by_40: scene::alarm(), "", 120, 40;
    alarm_at_200_by_60: scene::alarm(), "", 200, 60;
    alarm_in_detail: scene::alarm(), "\n", 120, 40;
    quality_at_80_by_24: scene::quality(), "", 80, 24;
    quality_at_200_by_60: scene::quality(), "", 200, 60;
    blind_in_detail_at_80_by_24: scene::blind(), "\n", 80, 24;
    a_ramp_in_detail: scene::incident(), "j\n", 120, 40;
    quality_in_detail: scene::quality(), "\n", 120, 40;
    quality_in_detail_at_80_by_24: scene::quality(), "\n", 80, 24;
    quality_in_detail_at_200_by_60: scene::quality(), "\n", 200, 60;
    calm_in_detail_at_80_by_24: scene::calm(), "\n", 80, 24;
    calm_in_detail_at_120_by_40: scene::calm(), "\n", 120, 40;
    calm_in_detail_at_200_by_60: scene::calm(), "\n", 200, 60;
    incident_in_detail_at_200_by_60: scene::incident(), "\n", 200, 60;
    forced_in_detail_at_80_by_24: scene::forced(), "\n", 80, 24;
    forced_in_detail_at_120_by_40: scene::forced(), "\n", 120, 40;
    forced_in_detail_at_200_by_60: scene::forced(), "\n", 200, 60;
    blind_in_detail_at_120_by_40: scene::blind(), "\n", 120, 40;
    blind_in_detail_at_200_by_60: scene::blind(), "\n", 200, 60;
    a_fault_in_detail_at_80_by_24: scene::forced(), "j\n", 80, 24;
    a_disabled_one_in_detail: scene::disabled(), "\n", 200, 60;
    a_ramp_in_detail_at_200_by_60: scene::incident(), "j\n", 200, 60;
    the_filter: scene::calm(), "/gem", 80, 24;
    the_requests: scene::requested(), "R", 120, 40;
    the_requests_at_80_by_24: scene::requested(), "R", 80, 24;
    the_requests_at_200_by_60: scene::requested(), "Rjj", 200, 60;
    the_requests_when_there_are_none: scene::empty(), "R", 80, 24;
    a_request_that_failed: scene::requested(), "Rj\n", 80, 24;
    a_request_from_the_cache: scene::requested(), "Rjj\n", 80, 24;
    a_request_that_passed_over_a_tier: scene::requested(), "Rjjj\n", 120, 40;
    the_routes: scene::requested(), "T", 120, 40;
    the_routes_at_80_by_24: scene::requested(), "Tj", 80, 24;
    the_routes_at_200_by_60: scene::requested(), "Tjj", 200, 60;
    the_routes_when_there_are_none: scene::empty(), "T", 80, 24;
    the_faults: scene::forced(), "F", 120, 40;
    the_faults_at_80_by_24: scene::forced(), "F", 80, 24;
    the_faults_when_there_are_none: scene::calm(), "F", 80, 24;
    a_fault_being_changed: scene::forced(), "F\n", 80, 24;
    the_wall: scene::incident(), "W", 120, 40;
    the_wall_when_all_is_well: scene::calm(), "W", 200, 60;
    the_wall_at_80_by_24: scene::incident(), "W", 80, 24;
    all_events: scene::incident(), "E", 80, 24;
    all_events_at_120_by_40: scene::incident(), "E", 120, 40;
}

#[test]
fn the_events_focused() {
    let mut desk = Desk::at(scene::incident());
    desk.then(|s| {
        for why in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            s.push(Kind::ReloadFailed { why: why.into() });
        }
    });
    desk.press("\tjj");
    assert_snapshot!(desk.text(80, 24));
}

#[test]
fn a_frozen_screen() {
    let mut desk = Desk::at(scene::incident());
    desk.press(" ").then(|s| s.silence(42));
    assert_snapshot!(desk.text(80, 24));
}

#[test]
fn ascii_at_120_by_40() {
    let desk = Desk::with(scene::incident(), Palette::Mono, true, false);
    assert_snapshot!(desk.text(120, 40));
}

#[test]
fn a_read_only_screen() {
    let desk = Desk::with(scene::incident(), Palette::Dark, false, true);
    assert_snapshot!(desk.text(120, 40));
}

/// A letter for each cell's role; capital where it is a block of colour, `_` where the row is selected.
pub(super) fn roles(desk: &Desk, w: u16, h: u16) -> String {
    let theme = Theme::new(Palette::Dark);
    let letter = |role| match role {
        Role::Text => 't',
        Role::Dim => 'd',
        Role::Border => '.',
        Role::Accent => 'a',
        Role::Good => 'g',
        Role::Warn => 'w',
        Role::Bad => 'b',
        Role::Info => 'i',
        Role::Manual => 'm',
    };
    let buf = desk.draw(w, h);
    let mut map = String::new();
    for row in buf.content.chunks(usize::from(w)) {
        let line: String = row
            .iter()
            .map(|cell| {
                let role = Role::ALL
                    .into_iter()
                    .find(|r| theme.style(*r).fg == Some(cell.fg));
                let letter = role.map_or('?', letter);
                match cell.symbol() {
                    _ if cell.modifier.contains(Modifier::REVERSED) => letter.to_ascii_uppercase(),
                    " " if Some(cell.bg) == theme.selected().bg => '_',
                    " " => ' ',
                    _ => letter,
                }
            })
            .collect();
        map.push_str(line.trim_end());
        map.push('\n');
    }
    map
}

#[test]
fn roles_of_an_incident() {
    assert_snapshot!(roles(&Desk::at(scene::incident()), 120, 40));
}

#[test]
fn roles_of_hands_on_everything() {
    assert_snapshot!(roles(&Desk::at(scene::forced()), 80, 24));
}
