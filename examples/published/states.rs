//! Fixed points, responses and linear noise of the published circuits.

use super::table::{
    Comparison, Comparisons, Failure, all_fixed_points, compare_points, number, numbers, reference, subject,
};
use disinhibit::analyze::noise::rate_covariance;
use disinhibit::analyze::{FixedPoint, Response, System};
use serde_json::Value;

/// The published fixed points, each as the numbers that `pick` takes from it.
fn points_of(published: &Value, pick: impl Fn(&Value) -> Vec<f64>) -> Vec<Vec<f64>> {
    published.as_array().into_iter().flatten().map(pick).collect()
}

/// The fixed point nearest to given rates.
fn near(system: &System, rates: &[f64]) -> Option<FixedPoint> {
    let distance =
        |point: &FixedPoint| -> f64 { point.rates.iter().zip(rates).map(|(one, other)| (one - other).abs()).sum() };
    all_fixed_points(system).into_iter().min_by(|one, other| distance(one).total_cmp(&distance(other)))
}

/// Wilson & Cowan 1972: three, five and one fixed points, in both conventions of k.
pub fn wilson_cowan() -> Result<Vec<Comparison>, Failure> {
    let reference = reference("wc1972")?;
    let sets = [("hysteresis", "fig4_hysteresis"), ("multistable", "fig5_multistable"), ("cycle", "fig11_limit_cycle")];
    let mut all = Vec::new();
    for (name, key) in sets {
        let file = format!("wilson_cowan_1972_{name}");
        let published = &reference["sets"][key];
        let mut rows = Comparisons::of(&file);
        for convention in ["k1", "kmax"] {
            let k = |slope: &str, threshold: &str| match convention {
                "k1" => 1.0,
                _ => {
                    let steep = number(&published["params"][slope]) * number(&published["params"][threshold]);
                    1.0 - 1.0 / (1.0 + libm::exp(steep))
                }
            };
            let set = [("E", k("ae", "the")), ("I", k("ai", "thi"))]
                .map(|(name, k)| format!("populations.{name}.refractory.k={k:?}"));
            rows.under(if convention == "k1" { "k = 1" } else { "k = S(infinity)" });
            let points = all_fixed_points(&subject(&file, &[&set[0], &set[1]])?.system);
            let states = points_of(&published[convention]["fixed_points"], |point| {
                vec![number(&point["E"]), number(&point["I"])]
            });
            compare_points(&mut rows, &["E", "I"], &states, &points, &|point| point.rates.clone());
        }
        all.extend(rows.all);
    }
    Ok(all)
}

/// The inhibition-stabilised network: response, stabilisation, eigenvalues.
pub fn inhibition_stabilised() -> Result<Vec<Comparison>, Failure> {
    let reference = reference("isn_tsodyks_ozeki")?;
    let mut rows = Comparisons::of("isn_chaudhuri_2015");
    for weight in ["24.3", "20.0", "12.0"] {
        let published = &reference["cases"][format!("wEE={weight}")];
        rows.under(&format!("w_EE {weight}"));
        let system = subject("isn_chaudhuri_2015", &[&format!("onto.E.E={weight}")])?.system;
        let drives = [system.drive(0), system.drive(1)];
        rows.add_all(&["drive E (pA)", "drive I (pA)"], &numbers(&published["I0_pA"]), &drives, 1e-12);
        let point = near(&system, &[10.0, 35.0]).ok_or("no fixed point")?;
        let response = Response::new(&system, &system.at(&point.variables)).ok_or("singular")?;
        for (row, names) in [(0, ["dE/dh_E", "dE/dh_I"]), (1, ["dI/dh_E", "dI/dh_I"])] {
            let published = numbers(&published["M_Hz_per_pA"][row]);
            rows.add_all(&names, &published, &response.hz_per_input_unit[row], 1e-7);
        }
        let stabilised = |truth: Option<bool>| f64::from(u8::from(truth == Some(true)));
        let ours = stabilised(response.inhibition_stabilised);
        rows.add("inhibition-stabilised (1: yes)", stabilised(published["ISN"].as_bool()), ours, 0.0);
        let paradoxical = f64::from(u8::from(response.paradoxical[1]));
        let sign = f64::from(u8::from(published["sign"][1][1] == "-"));
        rows.add("paradoxical response of I (1: yes)", sign, paradoxical, 0.0);
        add_eigenvalues(&mut rows, &published["eig_per_s"], &point);
    }
    Ok(rows.all)
}

fn add_eigenvalues(rows: &mut Comparisons, published: &Value, point: &FixedPoint) {
    let sorted = |mut parts: Vec<f64>| {
        parts.sort_by(f64::total_cmp);
        parts
    };
    let published = sorted(published.as_array().into_iter().flatten().map(|value| number(&value[0])).collect());
    let ours = sorted(point.eigenvalues.iter().map(|value| value.re).collect());
    for (index, (published, ours)) in published.iter().zip(&ours).enumerate() {
        rows.add(&format!("eigenvalue {}, real part (1/s)", index + 1), *published, *ours, 1e-7);
    }
}

/// Hennequin et al. 2018: states, linear noise, and where inhibition begins to stabilise.
pub fn supralinear() -> Result<Vec<Comparison>, Failure> {
    let reference = reference("ssn_hennequin2018")?;
    let mut rows = Comparisons::of("ssn_hennequin_2018");
    let at = |input: f64| -> Result<(System, FixedPoint), Failure> {
        let drive = format!("{} mV", input - 70.0);
        let set = ["E", "I"].map(|name| format!("populations.{name}.drive={drive}"));
        let system = subject("ssn_hennequin_2018", &[&set[0], &set[1]])?.system;
        let point =
            all_fixed_points(&system).into_iter().find(|point| point.kind.is_stable()).ok_or("no stable state")?;
        Ok((system, point))
    };
    for published in reference["h_0_2_15"].as_array().into_iter().flatten() {
        let input = number(&published["h"]);
        rows.under(&format!("h = {input} mV"));
        let (system, point) = at(input)?;
        rows.add_all(&["V_E (mV)", "V_I (mV)"], &numbers(&published["V_mV"]), &point.variables, 1e-7);
        rows.add_all(&["r_E (Hz)", "r_I (Hz)"], &numbers(&published["r_Hz"]), &point.rates, 1e-7);
        let local = system.at(&point.variables);
        if let Some(covariance) = rate_covariance(&system, &local) {
            // That of V is that of the rate over the squared slope; at h = 0 the slope is 0.
            let deviation = |index: usize| libm::sqrt(covariance[3 * index]) / local.rate_slopes[index];
            if input > 0.0 {
                let ours = [deviation(0), deviation(1)];
                rows.add_all(&["s.d. of V_E (mV)", "s.d. of V_I (mV)"], &numbers(&published["std_V_mV"]), &ours, 1e-6);
            }
        }
    }
    let stabilised = |input: f64| -> Result<bool, Failure> {
        let (system, point) = at(input)?;
        let response = Response::new(&system, &system.at(&point.variables)).ok_or("singular")?;
        Ok(response.inhibition_stabilised == Some(true))
    };
    let (mut below, mut above) = (0.5, 2.0);
    while above - below > 1e-9 {
        let middle = 0.5 * (below + above);
        if stabilised(middle)? { above = middle } else { below = middle }
    }
    rows.under("");
    rows.add("h at which inhibition begins to stabilise (mV)", number(&reference["h_ISN_onset"]), above, 1e-7);
    Ok(rows.all)
}

/// Garcia del Molino et al. 2017: currents, response matrix and its signs, the reversal.
pub fn response_reversal() -> Result<Vec<Comparison>, Failure> {
    const NAMES: [&str; 4] = ["Pyr", "PV", "SST", "VIP"];
    let reference = reference("garcia_del_molino2017")?;
    let mut all = Vec::new();
    for state in ["low", "high"] {
        let file = format!("garcia_del_molino_2017_{state}");
        let published = &reference["W_4dec"][state];
        let mut rows = Comparisons::of(&file);
        let subject = subject(&file, &[])?;
        let mut system = subject.system;
        let rest = subject.state.ok_or("no rest")?;
        let drives: Vec<f64> = (0..4).map(|index| system.drive(index)).collect();
        rows.add_all(&NAMES, &numbers(&published["Ibkg_pA"]), &drives, 1e-7);
        let response = Response::new(&system, &system.at(&rest)).ok_or("singular")?;
        for (row, name) in NAMES.iter().enumerate() {
            for (column, onto) in NAMES.iter().enumerate() {
                let (theirs, ours) =
                    (number(&published["M_Hz_per_pA"][row][column]), response.hz_per_input_unit[row][column]);
                rows.add(&format!("d{name}/dh_{onto} (Hz/pA)"), theirs, ours, 1e-7);
            }
        }
        system.set_drive(3, system.drive(3) + 10.0);
        let steady = numbers(&published["VIP_plus10pA"]["r_steady"]);
        let moved = near(&system, &steady).ok_or("no fixed point")?;
        rows.under("VIP +10 pA");
        rows.add_all(&NAMES, &steady, &moved.rates, 1e-7);
        all.extend(rows.all);
    }
    Ok(all)
}

/// Wong & Wang 2006 and Murray et al. 2017: all states.
pub fn competition() -> Result<Vec<Comparison>, Failure> {
    let gates = |system: &System| -> Vec<usize> {
        let names = system.variable_names();
        (0..names.len()).filter(|index| names[*index].starts_with("gate.")).collect()
    };
    let published_points =
        |published: &Value| points_of(published, |point| [numbers(&point["S"]), numbers(&point["r_Hz"])].concat());
    let names = ["S_A", "S_B", "r_A (Hz)", "r_B (Hz)"];
    let wong_wang = reference("wong_wang2006")?;
    let mut rows = Comparisons::of("wong_wang_2006");
    for (input, coherence) in [(0, "0"), (20, "0"), (30, "0"), (30, "6.4"), (30, "51.2"), (30, "100"), (20, "30")] {
        rows.under(&format!("mu0 {input} Hz, c {coherence} %"));
        let set = [format!("constants.mu0={input}"), format!("constants.coherence={coherence}")];
        let system = subject("wong_wang_2006", &[&set[0], &set[1]])?.system;
        let gates = gates(&system);
        let pick = |point: &FixedPoint| {
            gates.iter().map(|gate| point.variables[*gate]).chain(point.rates.iter().copied()).collect::<Vec<f64>>()
        };
        let published = published_points(&wong_wang["fixed_points"][format!("mu0={input},c={coherence}")]);
        compare_points(&mut rows, &names, &published, &all_fixed_points(&system), &pick);
    }
    let mut all = rows.all;
    let murray = reference("murray2017")?;
    let mut rows = Comparisons::of("murray_2017");
    for (area, strength, places) in [("PPC", "0.35", [0, 1]), ("PFC", "0.4182", [2, 3])] {
        rows.under(&format!("{area} alone"));
        let system = subject("murray_2017", &["constants.forward=0", "constants.backward=0"])?.system;
        let gates = gates(&system);
        let pick = |point: &FixedPoint| {
            let gates = places.iter().map(|place| point.variables[gates[*place]]);
            gates.chain(places.iter().map(|place| point.rates[*place])).collect::<Vec<f64>>()
        };
        let published = published_points(&murray["isolated"][format!("J_S={strength}")]);
        // Each state of this area occurs with each of the other area.
        let mut distinct: Vec<FixedPoint> = Vec::new();
        for point in all_fixed_points(&system) {
            let same = |other: &FixedPoint| {
                pick(&point).iter().zip(pick(other)).all(|(one, other)| (one - other).abs() < 1e-6)
            };
            if !distinct.iter().any(same) {
                distinct.push(point);
            }
        }
        compare_points(&mut rows, &names, &published, &distinct, &pick);
    }
    all.extend(rows.all);
    Ok(all)
}

/// Mejias & Wang 2022 and Deco et al. 2014.
pub fn excitation_and_inhibition() -> Result<Vec<Comparison>, Failure> {
    let mejias_wang = reference("mejias_wang2022")?;
    let mut rows = Comparisons::of("mejias_wang_2022");
    for strength in ["0.3213", "0.42", "0.45", "0.48", "0.5"] {
        rows.under(&format!("J_s {strength} nA"));
        let system = subject("mejias_wang_2022", &[&format!("constants.Js={strength}")])?.system;
        let published =
            points_of(&mejias_wang[format!("fixed_points_Js_{strength}")]["fps"], |point| numbers(&point["r_Hz"]));
        let names = ["r_A (Hz)", "r_B (Hz)", "r_C (Hz)"];
        compare_points(&mut rows, &names, &published, &all_fixed_points(&system), &|point| point.rates.clone());
    }
    let mut all = rows.all;
    let deco = reference("deco2014_exc_inh")?;
    let mut rows = Comparisons::of("deco_2014");
    let inhibition = format!("constants.Ji={:?}", number(&deco["FIC_Ji_for_3Hz_wp1.4"]));
    let nodes: [(&str, &[&str], &Value); 6] = [
        ("default", &[], &deco["tvb_default_wp1.4_Ji1"]),
        ("J_i 0", &["constants.Ji=0"], &deco["wp1.4_Ji0"]),
        ("w_p 1", &["constants.wp=1"], &deco["wp1.0_Ji1"]),
        ("J_i for 3 Hz", &[&inhibition], &deco["NMDA_on_I_scaling"]["1.0"]),
        ("NMDA onto I x 0.9", &[&inhibition, "constants.onto_I=0.9"], &deco["NMDA_on_I_scaling"]["0.9"]),
        ("NMDA onto I x 0.8", &[&inhibition, "constants.onto_I=0.8"], &deco["NMDA_on_I_scaling"]["0.8"]),
    ];
    for (conditions, set, published) in nodes {
        rows.under(conditions);
        let points = all_fixed_points(&subject("deco_2014", set)?.system);
        let published = points_of(published, |point| numbers(&point["r_Hz"]));
        compare_points(&mut rows, &["r_E (Hz)", "r_I (Hz)"], &published, &points, &|point| point.rates.clone());
    }
    all.extend(rows.all);
    Ok(all)
}

/// Mejias et al. 2016: rates and linear noise of the layers, apart and together.
pub fn layers() -> Result<Vec<Comparison>, Failure> {
    let names = ["E23", "I23", "E56", "I56"];
    let reference = reference("mejias2016_laminar")?;
    let mut rows = Comparisons::of("mejias_2016");
    for (kind, apart) in [("intralaminar", true), ("interlaminar", false)] {
        for published in reference[kind].as_array().into_iter().flatten() {
            let inputs = numbers(&published["I_ext"]);
            let mut set: Vec<String> =
                names.iter().zip(&inputs).map(|(name, input)| format!("populations.{name}.drive={input:?}")).collect();
            if apart {
                set.extend(["onto.E56.E23=0".to_owned(), "onto.I23.E56=0".to_owned()]);
            }
            rows.under(&format!(
                "{}, inputs {} and {}",
                if apart { "apart" } else { "together" },
                inputs[0],
                inputs[2]
            ));
            let set: Vec<&str> = set.iter().map(String::as_str).collect();
            let subject = subject("mejias_2016", &set)?;
            let local = subject.system.at(&subject.state.ok_or("no rest")?);
            let covariance = rate_covariance(&subject.system, &local).ok_or("no linear noise")?;
            let deviations: Vec<f64> = (0..4).map(|index| libm::sqrt(covariance[5 * index])).collect();
            rows.add_all(&names, &numbers(&published["r"]), &local.rates, 1e-7);
            let names = names.map(|name| format!("s.d. of {name}"));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            rows.add_all(&names, &numbers(&published["std_linear"]), &deviations, 1e-6);
        }
    }
    Ok(rows.all)
}

/// Everything of this file.
pub fn all() -> Result<Vec<Comparison>, Failure> {
    let parts = [
        wilson_cowan()?,
        inhibition_stabilised()?,
        supralinear()?,
        response_reversal()?,
        competition()?,
        excitation_and_inhibition()?,
        layers()?,
    ];
    Ok(parts.concat())
}
