/* For workloads.py under callgrind --instr-atstart=no: what lies between these two is counted, and nothing else. */
#include <valgrind/callgrind.h>

void counted_begin(void);
void counted_end(void);

void
counted_begin(void)
{
	CALLGRIND_START_INSTRUMENTATION;
}

void
counted_end(void)
{
	CALLGRIND_STOP_INSTRUMENTATION;
}
