#pragma once

/// The scalar types in which tests that take long run.
#ifdef LAZYTRAIN_TEST_SHORT
#define LAZYTRAIN_LONG_TEST_SCALARS double
#else
#define LAZYTRAIN_LONG_TEST_SCALARS float, double
#endif
