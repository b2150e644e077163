/** The three steps as line drawings on a field of 24 × 24: a phone gets the app, a code in a viewfinder, a conversation. */
export const stepPictures: Readonly<Record<'app' | 'scan' | 'chat', string>> = {
  app: 'M8.500 2.500h7A2.500 2.500 0 0 1 18 5v14a2.500 2.500 0 0 1-2.500 2.500h-7A2.500 2.500 0 0 1 6 19V5a2.500 2.500 0 0 1 2.500-2.500zM12 7v6.500m-2.700-2.600 2.700 2.700 2.700-2.700M10.500 18h3',
  scan: 'M3 8V5.500A2.500 2.500 0 0 1 5.500 3H8m8 0h2.500A2.500 2.500 0 0 1 21 5.500V8m0 8v2.500a2.500 2.500 0 0 1-2.500 2.500H16m-8 0H5.500A2.500 2.500 0 0 1 3 18.500V16M7.500 7.500h3v3h-3zm6 0h3v3h-3zm-6 6h3v3h-3zm6 0v.01m3 0v3h-3',
  chat: 'M20.500 11.500a8 8 0 0 1-8.500 8 9.500 9.500 0 0 1-3.200-.6L3.500 20.500l1.600-4.200a8 8 0 1 1 15.400-4.800zM9 10.500h6m-6 3h3.500',
};
