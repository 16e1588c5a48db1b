// The door between Google Benchmark and the benches in C: registers each case, repeats them in
// random turns, keeps every value, and prints medians and verdicts. What Google Benchmark's own
// options say (--benchmark_filter=ring, --benchmark_repetitions=31, ...) holds.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bench/micro/micro.h"
#include "bench/verdict.h"

namespace
{

// A case that measured itself: one iteration, whose time is its nanoseconds per record.
void run_case(benchmark::State &state, const micro_case *one)
{
    for (auto _ : state)
        state.SetIterationTime(one->run(one->argument) * 1e-9);
}

void register_cases(const micro_case *(*cases_of)(size_t *))
{
    size_t count = 0;
    const micro_case *cases = cases_of(&count);
    for (size_t i = 0; i < count; i++) {
        bench_declare(cases[i].name);
        benchmark::RegisterBenchmark(cases[i].name, run_case, &cases[i])
            ->Iterations(1)
            ->UseManualTime()
            ->Unit(benchmark::kNanosecond);
    }
}

// Keeps what each repetition measured.
class Keeper : public benchmark::BenchmarkReporter
{
  public:
    bool ReportContext(const Context &) override
    {
        return true;
    }
    void ReportRuns(const std::vector<Run> &runs) override
    {
        for (const Run &run : runs) {
            if (run.run_type == Run::RT_Iteration)
                bench_note(run.run_name.function_name.c_str(), run.GetAdjustedRealTime());
        }
    }
};

} // namespace

int main(int argc, char **argv)
{
    const bool is_smoke = bench_is_smoke();
    std::string repetitions = is_smoke ? "--benchmark_repetitions=1" : "--benchmark_repetitions=31";
    std::string turns = "--benchmark_enable_random_interleaving=true";
    std::vector<char *> arguments{argv[0], &repetitions[0], &turns[0]};
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data()))
        return 2;
    register_cases(micro_ring_cases);
    register_cases(micro_row_cases);
    register_cases(micro_expression_cases);
    register_cases(micro_state_cases);

    // Rounds that something else disturbed are outvoted by more of them.
    Keeper keeper;
    enum { PASSES_MAX = 3 };
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        if (benchmark::RunSpecifiedBenchmarks(&keeper) == 0)
            return 2;
        if (is_smoke || micro_ring_is_steady())
            break;
        std::puts("the two runs of the raw exchange disagree: once more");
    }
    bench_print_table("micro", "ns per record");
    std::puts("");
    micro_ring_verdicts();
    benchmark::Shutdown();
    return bench_status();
}
