/* links: libshim */
#include <CUnit/Basic.h>
#include <pthread.h>

#include "libshim/install.h"
#include "shim_fixture.h"

static void *
run_operations(void *count)
{
	for (uintptr_t i = 0; i < (uintptr_t)count; i++)
		install_now();
	return NULL;
}

/* Another thread is at it: what runs meanwhile isn't recorded, and counted once it is. */
static void
what_runs_meanwhile_is_counted(void)
{
	pthread_t other;

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	__atomic_store_n(&install_state_now, INSTALL_BUSY, __ATOMIC_RELEASE);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, run_operations, (void *)40), 0);
	run_operations((void *)2);
	pthread_join(other, NULL);
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_STARTING], 0);
	__atomic_store_n(&install_state_now, INSTALL_RECORDING, __ATOMIC_RELEASE);
	install_now(); /* of a thread that saw it a moment before */
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_STARTING], 42);
	install_now();
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_STARTING], 42);
	fixture_remove();
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("install", NULL, NULL);
	CU_add_test(suite, "what runs meanwhile is counted", what_runs_meanwhile_is_counted);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
