//! Figures of a made-up ketamine experiment: they parse, say what they should, keep their labels apart, and survive
//! any data. With the variable FIGURES_DIR set to a folder, the PNGs are kept there.

#![allow(clippy::unwrap_used)]

use disinhibit::plot::{
    Activation, ArmPharmacology, ArmRates, ArmTrace, ArmsFigure, Badge, CircuitFigure, Concentration,
    ConcentrationScale, Connection, Dose, Figure, IndexTable, Node, Observed, Occupancy, PharmacologyFigure,
    Population, RatesFigure, Role, Span, SpanKind, Theme,
};

const ARMS: [&str; 8] = [
    "control",
    "stress",
    "ketamine 10 mg/kg",
    "ketamine 3 mg/kg",
    "ketamine + naltrexone",
    "ketamine, no NMDAR on PV",
    "ketamine, no MOR on SST",
    "saline",
];
const POPULATIONS: [(&str, Role, f64); 4] = [
    ("Pyr", Role::Excitatory, 3.6),
    ("PV", Role::Inhibitory, 9.0),
    ("SST", Role::Inhibitory, 5.0),
    ("VIP", Role::Inhibitory, 5.5),
];

fn theme() -> Theme {
    let populations = POPULATIONS.map(|(name, role, _)| (name.to_owned(), role));
    Theme::new(ARMS, populations, ["ketamine", "naltrexone", "NMDAR", "MOR", "5-HT3R"])
}

fn times() -> Vec<f64> {
    (0..=720).map(|k| -60.0 + 0.25 * f64::from(k)).collect()
}

/// Rises within minutes of a dose at 0 and declines over half an hour, or stays.
fn bump(t: f64, decline: f64) -> f64 {
    if t < 0.0 { 0.0 } else { (libm::exp(-t / decline) - libm::exp(-t / 4.0)) / (1.0 - 4.0 / decline) }
}

fn rate(arm: usize, population: usize, t: f64) -> f64 {
    let base = POPULATIONS[population].2;
    let stress = if (1..7).contains(&arm) { [-0.9, 0.6, 1.9, -1.2][population] } else { 0.0 };
    let effect = [0.0, 0.0, 1.0, 0.55, 0.3, 0.15, 0.8, 0.0][arm];
    let drug = [1.7, -0.8, -1.6, 1.3][population] * bump(t, 60.0);
    base + stress + effect * drug + 0.05 * libm::sin(t / 7.0 + arm as f64)
}

fn populations() -> Vec<Population> {
    POPULATIONS
        .iter()
        .map(|&(name, role, base)| Population { name: name.to_owned(), role, reference_hz: Some(base) })
        .collect()
}

fn doses() -> Vec<Dose> {
    let dose = |ligand: &str, amount: &str, at_min: f64, arms: &[usize]| Dose {
        ligand: ligand.to_owned(),
        amount: amount.to_owned(),
        at_min,
        over_min: 0.0,
        arms: arms.to_vec(),
    };
    vec![
        dose("naltrexone", "1 mg/kg", -15.0, &[4]),
        dose("ketamine", "10 mg/kg", 0.0, &[2, 4, 5, 6]),
        dose("ketamine", "3 mg/kg", 0.0, &[3]),
    ]
}

fn spans() -> Vec<Span> {
    vec![Span {
        kind: SpanKind::Exposure,
        label: "restraint stress".to_owned(),
        from_min: f64::NEG_INFINITY,
        to_min: -20.0,
        arms: (1..7).collect(),
    }]
}

fn rates_figure() -> RatesFigure {
    let arms = ARMS.iter().enumerate().map(|(arm, name)| ArmTrace {
        name: (*name).to_owned(),
        t_min: times(),
        rates_hz: (0..4).map(|p| times().iter().map(|&t| rate(arm, p, t)).collect()).collect(),
    });
    RatesFigure {
        title: "Ketamine restores the rate of pyramidal cells".to_owned(),
        subtitle: "medial prefrontal cortex, chronic restraint, dose at 0 min".to_owned(),
        populations: populations(),
        arms: arms.collect(),
        references: vec![0, 1],
        doses: doses(),
        spans: spans(),
        observed: vec![
            Observed { arm: 2, population: 0, t_min: 30.0, rate_hz: 3.5, error_hz: Some(0.3) },
            Observed { arm: 1, population: 2, t_min: 60.0, rate_hz: 6.6, error_hz: None },
        ],
        reference_name: "rest, control".to_owned(),
        windows_min: Vec::new(),
    }
}

fn arms_figure() -> ArmsFigure {
    let report = [-5.0, 30.0, 120.0];
    let arms = ARMS.iter().enumerate().map(|(arm, name)| ArmRates {
        name: (*name).to_owned(),
        rates_hz: report.iter().map(|&t| (0..4).map(|p| rate(arm, p, t)).collect()).collect(),
    });
    let rescue =
        |arm: usize, t: f64| (arm > 1).then(|| (rate(arm, 0, t) - rate(1, 0, t)) / (rate(0, 0, t) - rate(1, 0, t)));
    ArmsFigure {
        title: "Rates before and after the dose".to_owned(),
        subtitle: "all arms of the experiment".to_owned(),
        populations: populations(),
        times: ["5 min before", "30 min after", "120 min after"].map(str::to_owned).to_vec(),
        main_time: 1,
        arms: arms.collect(),
        tables: vec![IndexTable {
            title: "rescue".to_owned(),
            columns: vec!["30 min".to_owned(), "120 min".to_owned()],
            values: (0..8).map(|arm| vec![rescue(arm, 30.0), rescue(arm, 120.0)]).collect(),
            full: 1.0,
        }],
        reference_name: "rest, control".to_owned(),
    }
}

fn arm_pharmacology(arm: usize) -> ArmPharmacology {
    let amount = [0.0, 0.0, 1.0, 0.3, 1.0, 1.0, 1.0, 0.0][arm];
    let curve = |f: &dyn Fn(f64) -> f64| times().iter().map(|&t| f(t)).collect::<Vec<f64>>();
    let ketamine = |t: f64| 2400.0 * amount * bump(t, 35.0);
    let naltrexone = |t: f64| if arm == 4 { 45.0 * bump(t + 15.0, 90.0) } else { 0.0 };
    let norketamine = |t: f64| 500.0 * amount * bump(t - 5.0, 160.0);
    let nmdar = |t: f64| ketamine(t) / (ketamine(t) + 900.0);
    let mor = |t: f64| ketamine(t) / (ketamine(t) + 4200.0 * (1.0 + naltrexone(t)));
    let concentration = |ligand: &str, nanomolar| Concentration { ligand: ligand.to_owned(), nanomolar };
    let mut concentrations =
        vec![concentration("ketamine", curve(&ketamine)), concentration("norketamine", curve(&norketamine))];
    let occupancy = |receptor: &str, ligand: &str, share| Occupancy {
        receptor: receptor.to_owned(),
        ligand: ligand.to_owned(),
        share,
    };
    let mut occupancies =
        vec![occupancy("NMDAR", "ketamine", curve(&nmdar)), occupancy("MOR", "ketamine", curve(&mor))];
    if arm == 4 {
        concentrations.push(concentration("naltrexone", curve(&naltrexone)));
        occupancies.push(occupancy("MOR", "naltrexone", curve(&|t| naltrexone(t) / (naltrexone(t) + 1.0))));
    }
    let activation = |receptor: &str, population: &str, value, resting| Activation {
        receptor: receptor.to_owned(),
        population: population.to_owned(),
        value,
        resting,
    };
    let activations = vec![
        activation("NMDAR", "PV", curve(&|t| 0.62 * (1.0 - nmdar(t))), Some(0.62)),
        activation("NMDAR", "Pyr", curve(&|t| 0.6 * (1.0 - 0.8 * nmdar(t))), Some(0.6)),
        activation("MOR", "SST", curve(&|t| 0.08 + 0.8 * mor(t)), Some(0.08)),
        activation("MOR", "PV", curve(&|t| 0.05 + 0.75 * mor(t)), Some(0.05)),
    ];
    ArmPharmacology { name: ARMS[arm].to_owned(), t_min: times(), concentrations, occupancies, activations }
}

fn pharmacology_figure(chosen: &[usize], scale: ConcentrationScale) -> PharmacologyFigure {
    let of_chosen = |arms: &[usize]| {
        chosen.iter().enumerate().filter(|(_, arm)| arms.contains(arm)).map(|(k, _)| k).collect::<Vec<usize>>()
    };
    PharmacologyFigure {
        title: "From dose to activation".to_owned(),
        subtitle: "free ligand in the extracellular fluid".to_owned(),
        arms: chosen.iter().map(|&arm| arm_pharmacology(arm)).collect(),
        doses: doses().into_iter().map(|d| Dose { arms: of_chosen(&d.arms), ..d }).collect(),
        spans: spans().into_iter().map(|s| Span { arms: of_chosen(&s.arms), ..s }).collect(),
        window_min: None,
        scale,
    }
}

fn badge(receptor: &str, fraction: f64) -> Badge {
    Badge { receptor: receptor.to_owned(), fraction }
}

fn circuit_figure() -> CircuitFigure {
    let badges = [
        vec![badge("NMDAR", 1.0)],
        vec![badge("NMDAR", 0.9), badge("MOR", 0.4)],
        vec![badge("MOR", 0.55)],
        vec![badge("5-HT3R", 0.8), badge("MOR", 0.25)],
    ];
    let nodes = POPULATIONS.iter().zip(badges).map(|(&(name, role, base), badges)| Node {
        name: name.to_owned(),
        role,
        rate_hz: Some(base),
        badges,
        units: 0,
    });
    let weights = [[1.5, 2.2, 1.2, 0.9], [-2.6, -1.4, 0.0, 0.0], [-1.6, -0.7, 0.0, -0.9], [0.0, -0.2, -1.9, 0.0]];
    CircuitFigure {
        title: "Prefrontal microcircuit".to_owned(),
        subtitle: "resting rates, and the receptors that cells carry".to_owned(),
        nodes: nodes.collect(),
        connections: dense(&weights.map(|row| row.to_vec())),
        weight_units: vec!["mV·s".to_owned()],
        notes: Vec::new(),
    }
}

fn dense(weights: &[Vec<f64>]) -> Vec<Connection> {
    let row = |(from, row): (usize, &Vec<f64>)| {
        let connection =
            move |(onto, &weight): (usize, &f64)| Connection { from, onto, weight, ..Connection::default() };
        row.iter().enumerate().map(connection).collect::<Vec<_>>()
    };
    weights.iter().enumerate().flat_map(row).collect()
}

fn large_circuit(count: usize) -> CircuitFigure {
    let names =
        ["L2/3 Pyr", "PV", "SST", "VIP", "CCK basket", "NGF", "L5 Pyr IT", "L5 Pyr PT", "Chandelier", "Martinotti"];
    let node = |k: usize| {
        let name = names[k % names.len()];
        Node {
            name: if k < names.len() { name.to_owned() } else { format!("{name} {k}") },
            role: if name.contains("Pyr") { Role::Excitatory } else { Role::Inhibitory },
            rate_hz: Some(2.0 + k as f64),
            badges: (0..k % 4).map(|b| badge(["MOR", "NMDAR", "5-HT3R"][b], 0.2 + 0.2 * b as f64)).collect(),
            units: 0,
        }
    };
    let dense_part = [4, 3, 1][usize::from(count > 3) + usize::from(count > 5)];
    let weight = |a: usize, b: usize| if (a * 7 + b * 3) % 4 < dense_part { 0.4 + ((a + b) % 5) as f64 } else { 0.0 };
    let weights: Vec<Vec<f64>> = (0..count).map(|a| (0..count).map(|b| weight(a, b)).collect()).collect();
    CircuitFigure {
        title: format!("{count} populations"),
        subtitle: String::new(),
        nodes: (0..count).map(node).collect(),
        connections: dense(&weights),
        weight_units: vec![String::new()],
        notes: Vec::new(),
    }
}

/// The figure parses as SVG with all its labels, no two of which overlap or leave the page; its PNG decodes.
fn check(file: &str, figure: &Figure, wanted: &[&str]) {
    let svg = figure.svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts: Vec<String> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .map(|node| node.text().unwrap_or_default().trim().to_owned())
        .collect();
    for text in wanted {
        assert!(texts.iter().any(|t| t == text), "{file} lacks {text:?}: {texts:?}");
    }
    let png = figure.png().unwrap();
    if let Some(folder) = std::env::var_os("FIGURES_DIR") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{file}.png")), &png).unwrap();
    }
    let image = image::load_from_memory_with_format(&png, image::ImageFormat::Png).unwrap();
    let (width, height) = figure.size();
    assert_eq!((image.width(), image.height()), (2 * width, 2 * height));
    let labels = figure.labels();
    for (k, label) in labels.iter().enumerate() {
        let inside = label.bounds.left >= 0.0
            && label.bounds.top >= 0.0
            && label.bounds.right <= f64::from(width)
            && label.bounds.bottom <= f64::from(height);
        assert!(inside, "{file}: {label:?} leaves the page");
        for other in &labels[..k] {
            assert!(!label.bounds.overlaps(&other.bounds), "{file}: {label:?} covers {other:?}");
        }
    }
}

/// Any data gives a figure.
fn survives(figure: &Figure) {
    let svg = figure.svg();
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    roxmltree::Document::parse(&svg).unwrap();
    figure.png().unwrap();
}

#[test]
fn rates() {
    let wanted = ["time (min)", "firing rate (Hz)", "SST", "ketamine, no NMDAR on PV", "ketamine 10 mg/kg", "measured"];
    check("rates", &rates_figure().render(&theme()), &wanted);
    let windows = RatesFigure { windows_min: vec![(-20.0, 20.0), (0.0, 120.0)], ..rates_figure() };
    check("rates-windows", &windows.render(&theme()), &wanted);
}

#[test]
fn arms() {
    let wanted = ["rescue", "120 min after", "VIP", "saline", "firing rate (Hz)", "rest, control"];
    check("arms", &arms_figure().render(&theme()), &wanted);
}

#[test]
fn pharmacology() {
    let wanted =
        ["free concentration (nM)", "occupancy", "activation", "ketamine", "MOR · ketamine", "MOR@SST", "time (min)"];
    let log = ConcentrationScale::Log { decades: 3.0 };
    for (file, chosen, scale) in [
        ("pharmacology-1", &[2][..], ConcentrationScale::Linear),
        ("pharmacology-2", &[2, 4], log),
        ("pharmacology-3", &[2, 3, 4], log),
        ("pharmacology-4", &[2, 3, 4, 6], ConcentrationScale::Linear),
    ] {
        check(file, &pharmacology_figure(chosen, scale).render(&theme()), &wanted);
    }
}

#[test]
fn many_curves() {
    let mut figure = pharmacology_figure(&[2, 4], ConcentrationScale::Linear);
    for k in 0..14 {
        let mut more = figure.arms[0].activations[k % 4].clone();
        more.receptor = format!("{}-{k}", more.receptor);
        figure.arms[0].activations.push(more);
    }
    check("pharmacology-many", &figure.render(&theme()), &["NMDAR-13@Pyr", "MOR-2@SST"]);
    let mut figure = rates_figure();
    for k in 0..22 {
        let mut more = figure.arms[k % 8].clone();
        more.name = format!("{}, variant {k}", more.name);
        figure.arms.push(more);
    }
    check("rates-many", &figure.render(&theme()), &["saline, variant 7"]);
    let mut figure = circuit_figure();
    for k in 0..9 {
        figure.nodes[k % 2].badges.push(badge(&format!("receptor {k}"), 0.1));
    }
    check("circuit-badges", &figure.render(&theme()), &["receptor 8"]);
}

#[test]
fn circuit() {
    let wanted = ["Pyr", "VIP", "9.0 Hz", "MOR", "55 %", "excites", "inhibits", "2 mV·s"];
    check("circuit-4", &circuit_figure().render(&theme()), &wanted);
    for count in [1, 2, 3, 5, 6, 8, 12] {
        check(&format!("circuit-{count}"), &large_circuit(count).render(&theme()), &["L2/3 Pyr", "2.0 Hz"]);
    }
}

#[test]
fn no_data() {
    for figure in [
        RatesFigure::default().render(&theme()),
        ArmsFigure::default().render(&theme()),
        PharmacologyFigure::default().render(&theme()),
        CircuitFigure::default().render(&theme()),
    ] {
        survives(&figure);
    }
    let arms = vec![ArmPharmacology::default(), ArmPharmacology::default()];
    survives(&PharmacologyFigure { arms, ..PharmacologyFigure::default() }.render(&Theme::default()));
    survives(&RatesFigure { arms: Vec::new(), ..rates_figure() }.render(&theme()));
    survives(&ArmsFigure { arms: Vec::new(), ..arms_figure() }.render(&theme()));
}

#[test]
fn what_is_not_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
        let mut rates = rates_figure();
        for (k, values) in rates.arms.iter_mut().flat_map(|arm| arm.rates_hz.iter_mut()).enumerate() {
            values.iter_mut().skip(k).step_by(5).for_each(|v| *v = bad);
        }
        rates.arms[3].t_min.fill(bad);
        rates.observed[0].error_hz = Some(bad);
        rates.doses[0].at_min = bad;
        rates.windows_min = vec![(bad, 10.0)];
        survives(&rates.render(&theme()));

        let mut arms = arms_figure();
        arms.arms[2].rates_hz[1].fill(bad);
        arms.tables[0].values[3][0] = Some(bad);
        arms.populations[0].reference_hz = Some(bad);
        survives(&arms.render(&theme()));

        for scale in [ConcentrationScale::Linear, ConcentrationScale::Log { decades: bad }] {
            let mut figure = pharmacology_figure(&[2, 4], scale);
            figure.arms[0].concentrations[0].nanomolar.fill(bad);
            figure.arms[1].occupancies[0].share.iter_mut().step_by(2).for_each(|v| *v = bad);
            figure.arms[1].activations[0].resting = Some(bad);
            figure.window_min = Some((0.0, bad));
            survives(&figure.render(&theme()));
        }

        let mut circuit = circuit_figure();
        circuit.nodes[0].rate_hz = Some(bad);
        circuit.nodes[1].badges[0].fraction = bad;
        circuit.connections[0].weight = bad;
        circuit.connections.push(Connection { from: 99, onto: 0, weight: 1.0, ..Connection::default() });
        survives(&circuit.render(&theme()));
    }
}

#[test]
fn a_circuit_of_sixty_populations_is_a_matrix_that_is_drawn_at_once() {
    let circuit = large_circuit(60);
    let began = std::time::Instant::now();
    let figure = circuit.render(&theme());
    let png = figure.png().unwrap();
    // Seconds without optimisation; the graph took minutes.
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    assert!(png.len() < 3_000_000, "{} bytes", png.len());
    check("circuit-60", &figure, &["from", "onto", "excites", "inhibits", "Martinotti 59"]);
    // Each population stands at its row and at its column.
    for node in &circuit.nodes {
        assert_eq!(figure.labels().iter().filter(|label| label.text == node.name).count(), 2, "{}", node.name);
    }
}
