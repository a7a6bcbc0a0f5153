// Pictures of every screen, for looking at and for the documents: `npm run pictures`. No test: it asserts nothing.

import { defineConfig } from '@playwright/test';
import tests from '../playwright.config';

export default defineConfig({ ...tests, testDir: '.', testMatch: '*.pictures.ts', timeout: 600_000 });
