//! What LLVM's inliner reckons with: the constants of `InlineConstants` and `InlineParams`
//! (`InlineCost.h`, `InlineCost.cpp`, LLVM 19 at `-O2`), and the cost of a switch.

/// `InlineConstants::InstrCost`: an instruction that is not free.
pub(super) const INSTRUCTION: i64 = 5;
/// `InlineConstants::CallPenalty`: a call of a named function, beyond its arguments and itself. BPF
/// helpers are called through a constant address, which pays no penalty
/// (`CallAnalyzer::visitCallBase` takes only known functions for lowered calls).
pub(super) const CALL_PENALTY: i64 = 25;
/// `InlineConstants::LastCallToStaticBonus`
pub(super) const LAST_CALL_BONUS: i64 = 15_000;
/// `InlineConstants::DefaultThreshold`: `-inline-threshold`
const THRESHOLD: i64 = 225;
/// `-inlinehint-threshold`: the callee is declared `inline`.
const HINT_THRESHOLD: i64 = 325;
/// `-inline-cold-callsite-threshold`; without any bonus.
const COLD_THRESHOLD: i64 = 45;
/// `ColdCallSiteRelFreq`: a call that runs less often than this part of the caller's calls is cold.
const COLD_FREQUENCY: f64 = 0.02;
/// `SingleBBBonusPercent`: straight-line code may cost half more.
const SINGLE_BLOCK_PERCENT: i64 = 50;
/// A verdict nearer to the threshold than this may be wrong: the estimate is made from source.
const BAND: i64 = 25;

/// What a body costs where it is inlined.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Cost {
    /// Of all instructions, less what the call itself costs (`getCallsiteCost`).
    pub(super) cost: i64,
    /// Whether there is more than one basic block.
    pub(super) branches: bool,
    /// Whether all of it was read.
    pub(super) known: bool,
}

/// A call site, as far as it decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// How often it runs for each call of the caller.
    pub(super) frequency: f64,
    /// The callee is declared `inline`.
    pub(super) hint: bool,
    /// It is the only call of a function that nothing else can call.
    pub(super) last: bool,
}

/// Whether the call is inlined, and whether that is sure.
pub(super) fn verdict(cost: Cost, site: Site) -> (bool, bool) {
    let cold = site.frequency < COLD_FREQUENCY;
    let sure_of_cold = (site.frequency - COLD_FREQUENCY).abs() > COLD_FREQUENCY / 2.0;
    let (threshold, bonus) = match cold {
        true => (COLD_THRESHOLD, 0),
        false => {
            let base = if site.hint { HINT_THRESHOLD } else { THRESHOLD };
            let single = if cost.branches { 0 } else { base * SINGLE_BLOCK_PERCENT / 100 };
            (base + single, if site.last { LAST_CALL_BONUS } else { 0 })
        }
    };
    let left = threshold - (cost.cost - bonus);
    let sure = cost.known && left.abs() > BAND && (sure_of_cold || cost.cost < COLD_THRESHOLD);
    (left > 0, sure)
}

/// What a call site costs, which inlining saves (`getCallsiteCost`), and what a call of a named
/// function costs.
pub(super) fn call_site(arguments: usize) -> i64 {
    CALL_PENALTY + INSTRUCTION * (1 + arguments as i64)
}

/// A switch (`InlineCostCallAnalyzer::onFinalizeSwitch`): BPF has no jump tables, and cases are one
/// cluster where a bit test does (`TargetLoweringBase::isSuitableForBitTests`).
pub(super) fn switch(cases: usize, targets: usize, span: u128) -> i64 {
    let bit_test = span < 64 && matches!((targets, cases), (1, 3..) | (2, 5..) | (3, 6..));
    let clusters = if bit_test { 1 } else { cases as i64 };
    let compares = match clusters {
        0..=3 => clusters,
        _ => 3 * clusters / 2 - 1,
    };
    INSTRUCTION + compares * 2 * INSTRUCTION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inlined(cost: i64, branches: bool, frequency: f64, hint: bool, last: bool) -> bool {
        verdict(Cost { cost, branches, known: true }, Site { frequency, hint, last }).0
    }

    #[test]
    fn thresholds_for_straight_code_hints_cold_calls_and_last_calls() {
        assert!(inlined(220, true, 1.0, false, false));
        assert!(!inlined(225, true, 1.0, false, false));
        assert!(inlined(335, false, 1.0, false, false));
        assert!(inlined(320, true, 1.0, true, false));
        assert!(!inlined(60, true, 0.01, false, true));
        assert!(inlined(10_000, true, 1.0, false, true));
    }

    #[test]
    fn switches_pay_two_instructions_a_compare() {
        assert_eq!(switch(2, 2, 1), 25);
        assert_eq!(switch(4, 1, 4), 15);
        assert_eq!(switch(5, 5, 50_000), 65);
    }
}
