/*
 * All that io offers, by name. core/run and the front doors know connectors and reactors only
 * through this.
 */
#ifndef LT_IO_CATALOG_H
#define LT_IO_CATALOG_H

#include "core/flow/connector.h"

/* Constant; lives for ever. on: any. */
const struct lt_catalog *lt_io_catalog(void);

#endif
